// toml++ as this project uses it: without exceptions, and compiled once, in toml_file.cc. The one way to
// include it: two ways in one program would not fit together.
#pragma once

#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 0
#include <toml++/toml.h>
