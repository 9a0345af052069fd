// RapidJSON as this project wants it; the only way in. One file includes this: json_reader.cpp, so
// the settings cannot differ between translation units. Pure.
#pragma once

// SSE4.2 scanning reads up to 15 bytes past a text (never over a page), which sanitizers report.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) || \
    __has_feature(thread_sanitizer)
#define PANED_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PANED_SANITIZED 1
#endif

#if defined(__SSE4_2__) && !defined(PANED_SANITIZED)
#define RAPIDJSON_SSE42
#endif

// No std::string members: everything here is a view into the frame.
#define RAPIDJSON_HAS_STDSTRING 0

// A broken precondition inside RapidJSON is a bug of ours: stop in debug builds, cost nothing else.
#include <cassert>
#define RAPIDJSON_ASSERT(condition) assert(condition)

// RapidJSON's empty stack adds to a null pointer, which clang's sanitizer reports.
#ifdef __clang__
#pragma clang attribute push(__attribute__((no_sanitize("pointer-overflow"))), apply_to = function)
#endif

#include <rapidjson/allocators.h>
#include <rapidjson/error/error.h>
#include <rapidjson/reader.h>
#include <rapidjson/stream.h>

#ifdef __clang__
#pragma clang attribute pop
#endif
