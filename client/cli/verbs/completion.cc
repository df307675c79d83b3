// `livenessctl completion SHELL`: a script that has a shell complete livenessctl's words, and what it calls.
//
// The scripts know nothing of verbs and flags: at each TAB they ask this very program, which offers what its
// help shows, and the ids of clients, which it asks a server for.
#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "client/cli/api/channel.h"
#include "client/cli/flags.h"
#include "client/cli/print/display_text.h"
#include "client/cli/print/proto_text.h"
#include "client/cli/verbs/verbs.h"
#include "common/flags/completion.h"

namespace liveness::cli {
namespace {

// Whoever has pressed a key waits no longer.
constexpr common::Duration kServerPatience = std::chrono::seconds(1);
constexpr int kMostNames = 200;

// Readline takes = and : for the ends of words, so that the words are cut up anew here, and of what is
// offered only the part after the last of these two is given back.
constexpr char kBash[] = R"sh(# bash completion of livenessctl: source <(livenessctl completion bash)
_livenessctl() {
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
complete -F _livenessctl livenessctl
)sh";

constexpr char kZsh[] = R"sh(#compdef livenessctl
# zsh completion of livenessctl: source <(livenessctl completion zsh)
_livenessctl() {
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
if [[ $funcstack[1] == _livenessctl ]]; then
  _livenessctl "$@"
else
  compdef _livenessctl livenessctl
fi
)sh";

constexpr char kFish[] = R"sh(# fish completion of livenessctl: livenessctl completion fish | source
function __livenessctl_complete
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
complete -c livenessctl -f -a '(__livenessctl_complete)'
)sh";

// The ids of clients that begin as `part`; none if no server tells them.
std::vector<std::string> Names(const common::Completion& completion, const std::string& part) {
  std::vector<std::string> args = completion.flags;
  args.emplace_back("list");
  auto parsed = ParseFlags(std::move(args));
  auto* settings = std::get_if<Settings>(&parsed);
  if (settings == nullptr) return {};
  settings->global.timeout = std::min(settings->global.timeout, kServerPatience);
  const auto api = Api::Create(settings->global);
  if (!api.ok()) return {};
  v1::ListClientsRequest request;
  request.set_page_size(kMostNames);
  if (!part.empty()) request.set_filter(absl::StrCat("client_id = ", FilterString(part + "*")));
  const auto page = (*api)->ListClients(request);
  std::vector<std::string> names;
  if (!page.ok()) return names;
  for (const v1::Client& client : page->clients()) {
    // Of an id that a terminal does not show as it is, what is shown would be another's.
    if (Printable(client.client_id()) == client.client_id()) names.push_back(client.client_id());
  }
  return names;
}

}  // namespace

Verb AddCompletion(CLI::App& program, GlobalSettings& /*global*/) {
  const auto settings = std::make_shared<CompletionSettings>();
  CLI::App& completion = AddVerb(program, "completion", "Print a script that completes words in a shell",
                                 "  source <(livenessctl completion bash)\n"
                                 "  source <(livenessctl completion zsh)\n"
                                 "  livenessctl completion fish | source\n");
  completion.add_option("SHELL", settings->shell, "bash, zsh or fish")
      ->required()
      ->type_name("bash|zsh|fish")
      ->check(CLI::IsMember({"bash", "zsh", "fish"}).description(""));
  return {&completion, [settings](const GlobalSettings& /*global*/, const Words& words) {
            return TakeNoWords(*settings, words);
          }};
}

ExitCode RunVerb(const CompletionSettings& settings, Context& context) {
  context.terminal.out << (settings.shell == "bash"  ? kBash
                           : settings.shell == "zsh" ? kZsh
                                                     : kFish)
                       << std::flush;
  return ExitCode::kOk;
}

ExitCode RunComplete(const std::vector<std::string>& words, Terminal& terminal) {
  QuietGrpc();
  const common::Completion completion = common::Complete(ProgramDoc(), words);
  for (const common::Completion::Word& word : completion.words) {
    terminal.out << word.text << (word.help.empty() ? "" : "\t") << word.help << '\n';
  }
  if (completion.rest == common::Completion::Rest::kFile) terminal.out << ":file\n";
  if (completion.rest == common::Completion::Rest::kNames && completion.argument == "NAME") {
    for (const std::string& name : Names(completion, completion.part)) terminal.out << name << '\n';
  }
  terminal.out.flush();
  return ExitCode::kOk;
}

}  // namespace liveness::cli
