#include "common/flags/man_page.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <sstream>

namespace liveness::common {
namespace {

// `text` such that roff takes none of it for its own.
std::string Roff(const std::string& text) {
  std::string escaped;
  bool at_start = true;
  for (const char c : text) {
    if (at_start && (c == '.' || c == '\'')) escaped += "\\&";
    at_start = c == '\n';
    switch (c) {
      case '\\': escaped += "\\e"; break;
      case '-': escaped += "\\-"; break;
      case '\'': escaped += "\\(aq"; break;
      case '`': escaped += "\\(ga"; break;
      case '^': escaped += "\\(ha"; break;
      case '~': escaped += "\\(ti"; break;
      default: escaped += c;
    }
  }
  return escaped;
}

std::string Bold(const std::string& text) { return "\\fB" + Roff(text) + "\\fR"; }
std::string Italic(const std::string& text) { return "\\fI" + Roff(text) + "\\fR"; }

std::string Upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// Lines as they stand, but for the blanks that all of them begin with.
std::string Example(const std::vector<std::string>& lines) {
  std::string page = ".nf\n";
  for (const std::string& line : lines) page += line.empty() ? ".sp\n" : Roff(line) + "\n";
  return page + ".fi\n";
}

// `Examples:` and what is indented below it, paragraphs, lists: as --help has them.
std::string Footer(const std::string& footer) {
  std::vector<std::string> lines = LinesOf(footer);
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines.empty() ? std::string() : ".PP\n" + Example(lines);
}

std::string Flag(const FlagDoc& flag) {
  std::string page = ".TP\n";
  for (std::size_t i = 0; i < flag.names.size(); ++i) {
    page += (i > 0 ? ", " : "") + (flag.is_positional ? Italic(flag.names[i]) : Bold(flag.names[i]));
  }
  if (!flag.is_positional && !flag.value.empty())
    page += (flag.names[0].size() > 2 ? "=" : " ") + Italic(flag.value);
  page += "\n" + Roff(flag.help);
  if (!flag.variable.empty()) page += "\n(environment: " + Bold(flag.variable) + ")";
  return page + "\n";
}

std::string Flags(const CommandDoc& command) {
  std::string page;
  for (const FlagDoc& flag : command.flags) {
    if (flag.is_positional) page += Flag(flag);
  }
  for (const FlagDoc& flag : command.flags) {
    const bool is_help = std::find(flag.names.begin(), flag.names.end(), "--help") != flag.names.end();
    if (!flag.is_positional && !is_help) page += Flag(flag);
  }
  return page;
}

void AddCommands(const CommandDoc& parent, const std::string& path, std::string& page) {
  for (const CommandDoc& command : parent.commands) {
    const std::string name = path.empty() ? command.name : path + " " + command.name;
    page +=
        ".SS \"" + Roff(name) + "\"\n" + Roff(command.help) + "\n" + Flags(command) + Footer(command.footer);
    AddCommands(command, name, page);
  }
}

}  // namespace

std::string ManPage(const CommandDoc& program, int section, const std::string& version) {
  const std::vector<std::string> help = LinesOf(program.help);
  std::string title = help.empty() ? program.name : help[0];
  if (!title.empty() && title.back() == '.') title.pop_back();
  const bool has_commands = !program.commands.empty();
  std::string page = ".TH " + Upper(program.name) + " " + std::to_string(section) + " \"\" \"" +
                     Roff(version) + "\" \"\"\n.SH NAME\n" + Roff(program.name) + " \\- " + Roff(title) +
                     "\n.SH SYNOPSIS\n" + Bold(program.name) + " [" + Italic("FLAGS") + "]" +
                     (has_commands ? " " + Italic("COMMAND") + " [" + Italic("FLAGS") + "]" : std::string()) +
                     "\n" + ".SH DESCRIPTION\n" + Example(help) + ".SH OPTIONS\n" + Flags(program);
  if (has_commands) page += ".SH COMMANDS\n";
  AddCommands(program, "", page);
  if (!program.footer.empty()) page += ".SH NOTES\n" + Footer(program.footer).substr(sizeof(".PP\n") - 1);
  return page;
}

void AddManFlag(CLI::App& app, int section, const std::string& version) {
  const auto print = [&app, section, version] {
    throw CLI::CallForVersion(ManPage(DocOf(app), section, version), 0);
  };
  app.add_flag_callback("--man", print, "Print the manual page, which man -l reads, and exit")
      ->configurable(false);
}

}  // namespace liveness::common
