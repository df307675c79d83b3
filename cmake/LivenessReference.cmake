# Man pages and shell completions, which the binaries print themselves: nothing of them is written by hand.
# They are in share/ of the build directory.
set(reference_dir ${CMAKE_BINARY_DIR}/share)
add_custom_target(reference ALL)

# liveness_reference(BINARY PATH ARGUMENT...): what the binary prints, in share/PATH. Installed there too.
function(liveness_reference binary path)
  get_filename_component(directory ${reference_dir}/${path} DIRECTORY)
  add_custom_command(OUTPUT ${reference_dir}/${path}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${directory}
    COMMAND ${binary} ${ARGN} > ${reference_dir}/${path}
    DEPENDS ${binary} VERBATIM)
  string(MAKE_C_IDENTIFIER reference_${path} name)
  add_custom_target(${name} DEPENDS ${reference_dir}/${path})
  add_dependencies(reference ${name})
  get_filename_component(directory ${path} DIRECTORY)
  install(FILES ${reference_dir}/${path} DESTINATION ${CMAKE_INSTALL_DATADIR}/${directory})
endfunction()

# Where each shell looks for a command's completions.
function(liveness_completions binary)
  liveness_reference(${binary} bash-completion/completions/${binary} completion bash)
  liveness_reference(${binary} zsh/vendor-completions/_${binary} completion zsh)
  liveness_reference(${binary} fish/vendor_completions.d/${binary}.fish completion fish)
endfunction()

if(TARGET livenessctl)
  liveness_reference(livenessctl man/man1/livenessctl.1 --man)
  liveness_completions(livenessctl)
endif()
if(TARGET livenessd)
  liveness_reference(livenessd man/man8/livenessd.8 --man)
  liveness_completions(livenessd)
endif()
