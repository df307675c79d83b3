#include "common/flags/completion_script.h"

#include <cstddef>

namespace liveness::common {
namespace {

// What stands in the scripts for the program's name.
constexpr std::string_view kProgram = "PROGRAM";

// Readline takes = and : for the ends of words, so that the words are cut up anew here, and of what is
// offered only the part after the last of these two is given back.
constexpr std::string_view kBash = R"sh(# bash completion of PROGRAM: source <(PROGRAM completion bash)
_PROGRAM() {
  local line=${COMP_LINE:0:COMP_POINT} words=() word cut
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  word=${words[-1]}
  COMPREPLY=()
  while IFS=$'\t' read -r each _; do
    if [[ $each == :file ]]; then
      compopt -o filenames
      mapfile -t COMPREPLY < <(compgen -f -- "${word#*=}")
      return
    fi
    [[ $each == *= ]] && compopt -o nospace
    printf -v each %q "$each"
    COMPREPLY+=("$each")
  done < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
  cut=${word%"${word##*[=:]}"}
  [[ -n $cut ]] && COMPREPLY=("${COMPREPLY[@]#"$cut"}")
  return 0
}
complete -F _PROGRAM PROGRAM
)sh";

constexpr std::string_view kZsh = R"sh(#compdef PROGRAM
# zsh completion of PROGRAM: source <(PROGRAM completion zsh)
_PROGRAM() {
  local line each help
  local -a lines plain plain_help open open_help
  lines=("${(@f)$("${words[1]}" __complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  for line in $lines; do
    each=${line%%$'\t'*}
    help=$each
    [[ $line == *$'\t'?* ]] && help="$each  -- ${line#*$'\t'}"
    if [[ $each == :file ]]; then
      compset -P '*='
      _files
      return
    elif [[ $each == *= ]]; then
      open+=("$each")
      open_help+=("$help")
    else
      plain+=("$each")
      plain_help+=("$help")
    fi
  done
  (( $#open )) && compadd -S '' -l -d open_help -a open
  (( $#plain )) && compadd -l -d plain_help -a plain
}
if [[ $funcstack[1] == _PROGRAM ]]; then
  _PROGRAM "$@"
else
  compdef _PROGRAM PROGRAM
fi
)sh";

constexpr std::string_view kFish = R"sh(# fish completion of PROGRAM: PROGRAM completion fish | source
function __PROGRAM_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l lines ($words[1] __complete $words[2..] 2>/dev/null)
    if contains :file $lines
        set -l parts (string split -m 1 = -- $words[-1])
        for file in (complete -C "'' $parts[-1]")
            test (count $parts) = 2; and echo "$parts[1]=$file"; or echo $file
        end
    else
        string join \n -- $lines
    end
end
complete -c PROGRAM -f -a '(__PROGRAM_complete)'
)sh";

}  // namespace

std::string CompletionScript(std::string_view program, std::string_view shell) {
  std::string script(shell == "bash" ? kBash : shell == "zsh" ? kZsh : kFish);
  for (std::size_t at = 0; (at = script.find(kProgram, at)) != std::string::npos; at += program.size()) {
    script.replace(at, kProgram.size(), program);
  }
  return script;
}

std::string CompletionLines(const Completion& completion) {
  std::string lines;
  for (const Completion::Word& word : completion.words) {
    lines += word.text;
    if (!word.help.empty()) lines += '\t' + word.help;
    lines += '\n';
  }
  if (completion.rest == Completion::Rest::kFile) lines += ":file\n";
  return lines;
}

}  // namespace liveness::common
