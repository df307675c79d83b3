// Puts metric families together, a sample at a time. Not thread-safe.
//
//   families.Gauge("liveness_watchers", "WatchClients streams and viewers.").Add(3);
//   families.Counter("liveness_transitions_total", "...").Add(7, {{"to_state", "DEAD"}, {"cause",
//   "EVICTED"}});
#pragma once

#include <concepts>
#include <string>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>

#include "common/clock.h"
#include "common/measure/histogram.h"

namespace liveness::http {

// Of a sample, in the order in which they are printed.
using MetricLabels = std::vector<std::pair<std::string, std::string>>;

inline double Seconds(common::Duration span) { return std::chrono::duration<double>(span).count(); }

class FamilyList {
 public:
  // Valid until the next family is begun.
  class Family {
   public:
    template <typename Number>
    requires std::integral<Number> || std::floating_point<Number> Family& Add(
        Number value, const MetricLabels& labels = {}) {
      return AddValue(static_cast<double>(value), labels);
    }
    Family& Add(common::Duration span, const MetricLabels& labels = {}) {
      return AddValue(Seconds(span), labels);
    }
    // Of a family of histograms, in seconds.
    Family& Add(const common::Histogram::Reading& reading, const MetricLabels& labels = {});

   private:
    friend class FamilyList;
    explicit Family(prometheus::MetricFamily& family) : family_(family) {}
    prometheus::ClientMetric& NewSample(const MetricLabels& labels);
    Family& AddValue(double value, const MetricLabels& labels);
    prometheus::MetricFamily& family_;
  };

  // `help`: one sentence, which says the unit if the name does not.
  Family Counter(std::string name, std::string help);
  Family Gauge(std::string name, std::string help);
  Family Histogram(std::string name, std::string help);

  std::vector<prometheus::MetricFamily> Take() { return std::move(families_); }

 private:
  Family Begin(std::string name, std::string help, prometheus::MetricType type);
  std::vector<prometheus::MetricFamily> families_;
};

}  // namespace liveness::http
