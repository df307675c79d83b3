// The verbs of livenessctl. Each has two functions, which live together in a file here: one adds the verb and
// its flags to the command line, the other does what was asked.
//
// A new verb: its settings (settings.h), its file, and a line in each of the lists below.
#pragma once

#include <string>
#include <vector>

#include "client/cli/exit_code.h"
#include "client/cli/flags/verb_flags.h"
#include "client/cli/settings.h"
#include "client/cli/verbs/context.h"

namespace liveness::cli {

// Each adds one verb to `program`, which owns its CLI::App. `global` is what its global flags fill while
// `program` parses.
Verb AddList(CLI::App& program, GlobalSettings& global);
Verb AddGet(CLI::App& program, GlobalSettings& global);
Verb AddWatch(CLI::App& program, GlobalSettings& global);
Verb AddWait(CLI::App& program, GlobalSettings& global);
Verb AddCheck(CLI::App& program, GlobalSettings& global);
Verb AddTop(CLI::App& program, GlobalSettings& global);
Verb AddTransitions(CLI::App& program, GlobalSettings& global);
Verb AddStats(CLI::App& program, GlobalSettings& global);
Verb AddEvict(CLI::App& program, GlobalSettings& global);
Verb AddMaintenance(CLI::App& program, GlobalSettings& global);
Verb AddServer(CLI::App& program, GlobalSettings& global);  // info, drain, undrain
Verb AddAudit(CLI::App& program, GlobalSettings& global);
Verb AddHealth(CLI::App& program, GlobalSettings& global);
Verb AddDoctor(CLI::App& program, GlobalSettings& global);
Verb AddBeat(CLI::App& program, GlobalSettings& global);
Verb AddToken(CLI::App& program, GlobalSettings& global);
Verb AddKey(CLI::App& program, GlobalSettings& global);
Verb AddCompletion(CLI::App& program, GlobalSettings& global);

// In the order in which --help shows them.
inline constexpr Verb (*kAddVerbs[])(CLI::App&, GlobalSettings&) = {
    AddList,        AddGet,    AddWatch, AddWait,        AddCheck,  AddTop,
    AddTransitions, AddStats,  AddEvict, AddMaintenance, AddServer, AddAudit,
    AddHealth,      AddDoctor, AddBeat,  AddToken,       AddKey,    AddCompletion};

// Each does what `settings` ask for. It writes results to `context.terminal.out` and errors to
// `context.terminal.err`. REQUIRES: nothing has used gRPC yet, so that it has no threads: watch blocks
// signals in all threads, beat forks.
ExitCode RunVerb(const ListSettings& settings, Context& context);
ExitCode RunVerb(const GetSettings& settings, Context& context);
ExitCode RunVerb(const WatchSettings& settings, Context& context);
ExitCode RunVerb(const WaitSettings& settings, Context& context);
// Returns a CheckCode, as the number that it is.
ExitCode RunVerb(const CheckSettings& settings, Context& context);
ExitCode RunVerb(const TopSettings& settings, Context& context);
ExitCode RunVerb(const TransitionsSettings& settings, Context& context);
ExitCode RunVerb(const StatsSettings& settings, Context& context);
ExitCode RunVerb(const EvictSettings& settings, Context& context);
ExitCode RunVerb(const MaintenanceSettings& settings, Context& context);
ExitCode RunVerb(const ServerInfoSettings& settings, Context& context);
ExitCode RunVerb(const DrainSettings& settings, Context& context);
ExitCode RunVerb(const AuditSettings& settings, Context& context);
// Returns a HealthCode, as the number that it is.
ExitCode RunVerb(const HealthSettings& settings, Context& context);
ExitCode RunVerb(const DoctorSettings& settings, Context& context);
ExitCode RunVerb(const TokenSettings& settings, Context& context);
ExitCode RunVerb(const KeySettings& settings, Context& context);
ExitCode RunVerb(const CompletionSettings& settings, Context& context);
// May return the code of a command, which has no name in ExitCode.
ExitCode RunVerb(const BeatSettings& settings, Context& context);

// `livenessctl __complete WORD...`, which the scripts of `completion` call: offers what may be the last of
// `words`, a line each, with a tab before what it is. Fails silently: a shell has no place for more.
ExitCode RunComplete(const std::vector<std::string>& words, Terminal& terminal);

}  // namespace liveness::cli
