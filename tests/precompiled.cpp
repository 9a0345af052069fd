// The translation unit that the precompiled GoogleTest headers are built with.
