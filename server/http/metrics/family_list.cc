#include "server/http/metrics/family_list.h"

#include <cstddef>
#include <cstdint>
#include <limits>

namespace liveness::http {

using prometheus::ClientMetric;
using prometheus::MetricType;

FamilyList::Family FamilyList::Begin(std::string name, std::string help, MetricType type) {
  return Family(families_.emplace_back(prometheus::MetricFamily{std::move(name), std::move(help), type, {}}));
}

FamilyList::Family FamilyList::Counter(std::string name, std::string help) {
  return Begin(std::move(name), std::move(help), MetricType::Counter);
}

FamilyList::Family FamilyList::Gauge(std::string name, std::string help) {
  return Begin(std::move(name), std::move(help), MetricType::Gauge);
}

FamilyList::Family FamilyList::Histogram(std::string name, std::string help) {
  return Begin(std::move(name), std::move(help), MetricType::Histogram);
}

ClientMetric& FamilyList::Family::NewSample(const MetricLabels& labels) {
  ClientMetric& sample = family_.metric.emplace_back();
  for (const auto& [name, value] : labels) sample.label.push_back({name, value});
  return sample;
}

FamilyList::Family& FamilyList::Family::AddValue(double value, const MetricLabels& labels) {
  ClientMetric& sample = NewSample(labels);
  (family_.type == MetricType::Counter ? sample.counter.value : sample.gauge.value) = value;
  return *this;
}

FamilyList::Family& FamilyList::Family::Add(const common::Histogram::Reading& reading,
                                            const MetricLabels& labels) {
  ClientMetric::Histogram& histogram = NewSample(labels).histogram;
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < reading.counts.size(); ++i) {
    count += reading.counts[i];
    const double bound =
        i < reading.bounds.size() ? Seconds(reading.bounds[i]) : std::numeric_limits<double>::infinity();
    histogram.bucket.push_back({count, bound});
  }
  histogram.sample_count = count;
  histogram.sample_sum = Seconds(reading.sum);
  return *this;
}

}  // namespace liveness::http
