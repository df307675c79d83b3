# cmake -DLIST= -DINDEX= -DOUT= -P EmbedPage.cmake
# LIST holds `path|file` entries. Writes a C++ source with all of them and with INDEX, which is served at `/`.
# All but that lie below a folder that is named after what is in them: a browser may keep them for ever.
cmake_minimum_required(VERSION 3.25)

file(READ ${LIST} entries)

set(hashes)
foreach(entry ${entries})
  string(REPLACE "|" ";" pair "${entry}")
  list(GET pair 1 file)
  file(SHA256 ${file} hash)
  string(APPEND hashes "${entry}${hash}")
endforeach()
string(SHA256 version "${hashes}")
string(SUBSTRING ${version} 0 16 PAGE_VERSION)

set(PAGE_PRELOADS "")
set(table "")
set(arrays "")
set(count 0)

# Every byte is escaped, so that none runs into the next.
macro(embed path type hash hex)
  string(REGEX REPLACE "(..)" "\\\\x\\1" bytes "${hex}")
  string(LENGTH "${hex}" digits)
  math(EXPR size "${digits} / 2")
  string(SUBSTRING ${hash} 0 16 tag)
  string(APPEND arrays "const char k${count}[] = \"${bytes}\";\n")
  string(APPEND table "    {\"${path}\", {\"${type}\", {k${count}, ${size}}, \"\\\"${tag}\\\"\"}},\n")
  math(EXPR count "${count} + 1")
endmacro()

foreach(entry ${entries})
  string(REPLACE "|" ";" pair "${entry}")
  list(GET pair 0 path)
  list(GET pair 1 file)
  file(SHA256 ${file} hash)
  file(READ ${file} hex HEX)
  if(path MATCHES "\\.css$")
    set(type "text/css; charset=utf-8")
  else()
    set(type "text/javascript; charset=utf-8")
    string(APPEND PAGE_PRELOADS "<link rel=\"modulepreload\" href=\"assets/${PAGE_VERSION}/${path}\">\n")
  endif()
  embed("/assets/${PAGE_VERSION}/${path}" "${type}" ${hash} "${hex}")
endforeach()

file(READ ${INDEX} html)
string(REPLACE "@PAGE_VERSION@" "${PAGE_VERSION}" html "${html}")
string(REPLACE "@PAGE_PRELOADS@" "${PAGE_PRELOADS}" html "${html}")
string(REGEX MATCH "<script type=\"importmap\">([^<]*)</script>" found "${html}")
set(map_hash "")
if(found)
  string(SHA256 map_hash "${CMAKE_MATCH_1}")
endif()
string(SHA256 hash "${html}")
string(HEX "${html}" hex)
embed("/" "text/html; charset=utf-8" ${hash} "${hex}")

file(WRITE ${OUT} "// Made by cmake/EmbedPage.cmake.
#include \"server/http/page/page_files.h\"

namespace liveness::http {
namespace {

${arrays}
constexpr PageFile kFiles[] = {
${table}};

}  // namespace

std::span<const PageFile> PageFiles() { return kFiles; }
std::string_view ImportMapSha256() { return \"${map_hash}\"; }

}  // namespace liveness::http
")
