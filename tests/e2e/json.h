// RapidJSON for tests: what a reply lacks becomes an exception, which fails the test that asked,
// instead of an abort or of undefined behaviour.
// Pure.
#pragma once

#include <stdexcept>

#define RAPIDJSON_ASSERT(condition)                                \
  do {                                                             \
    if (!(condition)) throw std::logic_error("JSON: " #condition); \
  } while (false)

#include <rapidjson/document.h>
