# The dashboard as a source file: web/ and what npm left of the libraries that it imports. Without npm the
# build works all the same, and the page says what is missing.
#
# LIVENESS_PAGE_MODULES: where `npm install` was, or is, done. ./dev does it there at set-up.
set(LIVENESS_PAGE_MODULES ${PROJECT_SOURCE_DIR}/build/web CACHE PATH "Where web/package.json is installed")

# The files of the libraries that the page imports, by its import map.
set(page_modules
  lit/index.js
  lit-html/lit-html.js
  lit-html/is-server.js
  lit-element/lit-element.js
  @lit/reactive-element/reactive-element.js
  @lit/reactive-element/css-tag.js
  @tanstack/virtual-core/dist/esm/index.js
  @tanstack/virtual-core/dist/esm/ios-gesture.js
  @tanstack/virtual-core/dist/esm/lazy-measurements.js
  @tanstack/virtual-core/dist/esm/scroll-classifier.js
  @tanstack/virtual-core/dist/esm/utils.js
  uplot/dist/uPlot.esm.js
  uplot/dist/uPlot.min.css)

# Installs web/package.json, unless that very file was installed before.
function(liveness_install_page_modules)
  set(wanted ${PROJECT_SOURCE_DIR}/web/package.json)
  set(installed ${LIVENESS_PAGE_MODULES}/node_modules/.installed.json)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${wanted})
  file(READ ${wanted} text)
  if(EXISTS ${installed})
    file(READ ${installed} before)
    if(before STREQUAL text)
      return()
    endif()
  endif()
  find_program(LIVENESS_NPM npm)
  if(NOT LIVENESS_NPM)
    message(STATUS "no npm: livenessd is built without its dashboard")
    return()
  endif()
  file(COPY ${wanted} DESTINATION ${LIVENESS_PAGE_MODULES})
  execute_process(
    COMMAND ${LIVENESS_NPM} install --silent --no-fund --no-audit --no-package-lock --ignore-scripts
      --fetch-retries=1 --prefix ${LIVENESS_PAGE_MODULES}
    RESULT_VARIABLE failed TIMEOUT 180 OUTPUT_QUIET ERROR_VARIABLE why)
  if(failed)
    message(STATUS "npm install failed (${failed}): livenessd is built without its dashboard\n${why}")
    return()
  endif()
  file(WRITE ${installed} "${text}")
endfunction()

# liveness_page(OUT): a source file that holds the page, made anew whenever a file of it changes.
function(liveness_page out_var)
  liveness_install_page_modules()
  set(web ${PROJECT_SOURCE_DIR}/web)
  set(made ${CMAKE_CURRENT_BINARY_DIR}/page_files.cc)
  set(list ${CMAKE_CURRENT_BINARY_DIR}/page_files.txt)
  set(entries)
  set(files)
  if(EXISTS ${LIVENESS_PAGE_MODULES}/node_modules/.installed.json)
    set(index ${web}/index.html)
    file(GLOB_RECURSE own RELATIVE ${web} CONFIGURE_DEPENDS ${web}/*.js ${web}/*.css)
    list(FILTER own EXCLUDE REGEX node_modules)
    foreach(file ${own})
      list(APPEND entries "${file}|${web}/${file}")
      list(APPEND files ${web}/${file})
    endforeach()
    foreach(file ${page_modules})
      list(APPEND entries "npm/${file}|${LIVENESS_PAGE_MODULES}/node_modules/${file}")
      list(APPEND files ${LIVENESS_PAGE_MODULES}/node_modules/${file})
    endforeach()
  else()
    set(index ${web}/without.html)
  endif()
  file(GENERATE OUTPUT ${list} CONTENT "${entries}")
  add_custom_command(OUTPUT ${made}
    COMMAND ${CMAKE_COMMAND} -DLIST=${list} -DINDEX=${index} -DOUT=${made}
      -P ${PROJECT_SOURCE_DIR}/cmake/EmbedPage.cmake
    DEPENDS ${files} ${index} ${list} ${PROJECT_SOURCE_DIR}/cmake/EmbedPage.cmake
    COMMENT "Embedding the dashboard" VERBATIM)
  set(${out_var} ${made} PARENT_SCOPE)
endfunction()
