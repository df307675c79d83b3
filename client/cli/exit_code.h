// How livenessctl tells a script what happened. The one list: --help and
// docs/livenessctl.md print it from here or are held to it by a test.
//
// `beat -- COMMAND` is the exception: it ends with the command's own code, or
// 128 + the signal that ended the command. `health` is another: HealthCode; and `check`: CheckCode.
#pragma once

namespace liveness::cli {

enum class ExitCode : int {
  kOk = 0,            // done; also a watch or beat that was told to stop
  kError = 1,         // anything that has no code of its own; doctor: a problem was found
  kUsage = 2,         // a wrong flag, or an argument that the server refused
  kNotFound = 3,      // no such client
  kUnavailable = 4,   // no server could be reached, or it cannot serve now
  kDenied = 5,        // not authenticated, or not allowed
  kTimeout = 6,       // a server was reached but did not answer within --timeout; wait: --within passed
  kSuperseded = 7,    // beat: a newer process took over the id
  kEvicted = 8,       // beat: an operator evicted the client
  kCannotRun = 126,   // beat -- COMMAND: found, but cannot be run
  kNoCommand = 127,   // beat -- COMMAND: not found
  kSignalBase = 128,  // beat -- COMMAND: plus the signal that ended it
};

inline constexpr char kExitCodeHelp[] =
    "Exit codes:\n"
    "  0    done, or told to stop\n"
    "  1    error; doctor: it found a problem\n"
    "  2    usage: a wrong flag, or an argument that the server refused\n"
    "  3    no such client\n"
    "  4    no server could be reached, or it cannot serve now\n"
    "  5    not authenticated, or not allowed\n"
    "  6    no answer within --timeout; wait: it was not so within --within\n"
    "  7    beat: superseded by a newer process under the same id\n"
    "  8    beat: evicted by an operator\n"
    "  beat -- COMMAND ends with the command's code, 126 if it cannot be run, 127 if\n"
    "  it is not found, 128+N if signal N ended it; health and check have codes of their own\n";

// `health`: those of grpc_health_probe, whose place it takes.
enum class HealthCode : int {
  kServing = 0,
  kBadArguments = 1,  // also a TLS file that cannot be used
  kNotConnected = 2,
  kRpcFailed = 3,  // no answer, an error, no such service
  kNotServing = 4,
};

inline constexpr char kHealthCodeHelp[] =
    "Exit codes, those of grpc_health_probe:\n"
    "  0    SERVING\n"
    "  1    bad arguments\n"
    "  2    no server could be connected to\n"
    "  3    the server gave no answer, or an error: it knows no such client or service\n"
    "  4    NOT_SERVING, or anything else but SERVING\n";

// `check`: those of monitoring plugins.
enum class CheckCode : int {
  kOk = 0,
  kWarning = 1,
  kCritical = 2,
  kUnknown = 3,
};

inline constexpr char kCheckCodeHelp[] =
    "Exit codes, those of monitoring plugins:\n"
    "  0    OK\n"
    "  1    WARNING: --warn-min or --warn-max is passed\n"
    "  2    CRITICAL: --min or --max is passed\n"
    "  3    UNKNOWN: no server answered, nobody in any state matches, or a wrong flag\n";

}  // namespace liveness::cli
