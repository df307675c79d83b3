#include "server/core/record/last_words.h"

#include <utility>

namespace liveness::core {
namespace {

// No overflow: neither is negative.
bool IsFurtherBehind(const Progress& a, const Progress& b) { return a.age - a.deadline > b.age - b.deadline; }

}  // namespace

std::size_t KeepMostBehind(std::vector<Progress>& progress, std::size_t count) {
  if (progress.size() <= count) return 0;
  std::stable_sort(progress.begin(), progress.end(), IsFurtherBehind);
  const std::size_t left_out = progress.size() - count;
  progress.resize(count);
  return left_out;
}

ProgressTokens TokensOfNote(ProgressTokens tokens) {
  if (tokens == nullptr) return tokens;
  std::size_t bytes = 0;
  for (const Progress& each : *tokens) bytes += each.name.size();
  if (bytes <= kMaxNoteNameBytes) return tokens;
  std::vector<Progress> kept = *tokens;
  std::stable_sort(kept.begin(), kept.end(), IsFurtherBehind);
  while (bytes > kMaxNoteNameBytes) {
    bytes -= kept.back().name.size();
    kept.pop_back();
  }
  kept.shrink_to_fit();
  return std::make_shared<const std::vector<Progress>>(std::move(kept));
}

}  // namespace liveness::core
