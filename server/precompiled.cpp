// The translation unit that the headers most files of the server include are precompiled with.
