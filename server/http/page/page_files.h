// The files of the dashboard as they were when this was built: constants, made by cmake/EmbedPage.cmake.
#pragma once

#include <span>
#include <string_view>

#include "server/http/page/page.h"

namespace liveness::http {

struct PageFile {
  std::string_view path;  // `/`, or `/assets/VERSION/...`
  Asset asset;
};

std::span<const PageFile> PageFiles();

// Of the import map's text in `/`, in hexadecimal; empty if there is none.
std::string_view ImportMapSha256();

}  // namespace liveness::http
