// The programs that the end-to-end tests run: the server under test, and the child they let it run.
// Found at run time, so that one build of the tests serves servers of every build.
// Threading: any thread.
#pragma once

#include <string>

namespace paned::testing {

// $PANED_E2E_SERVER, else the server of the build that this program belongs to.
const std::string& ServerProgram();
// The program that plays the child where a shell cannot (helper.cpp).
const std::string& HelperProgram();
// Whether the server was built with a sanitizer: it is slower, and needs more memory and
// descriptors.
bool ServerIsSanitized();

}  // namespace paned::testing
