// SPDX-License-Identifier: MIT
#include "pipelines/stages/estimate/latency_estimators.h"

#include "core/base/text.h"
#include "core/base/time.h"
#include "core/entropy/surprise.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

namespace eventops::estimate {
namespace {

constexpr std::size_t NameBytesMax = 200; ///< Of one name in a sentence.

std::string twoDecimals(double number)
{
    char buffer[64];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::fixed, 2);
    return {buffer, end.ptr};
}

/// What the finding is about, in words.
std::string subjectOf(const Duration &duration)
{
    const std::string_view id = duration.batch.text(duration.event, Field::EntityId);
    return shortened(duration.what, NameBytesMax) + " of "
           + (id.empty() ? std::string("an unnamed entity") : shortened(id, NameBytesMax));
}

Finding findingOf(const Duration &duration, const char *name)
{
    Finding finding;
    const auto text = [&](Field field) {
        return std::string(duration.batch.text(duration.event, field));
    };
    finding.origin = FindingOrigin::Entropy;
    finding.state = FindingState::Firing;
    finding.severity = Severity::Warning;
    finding.name = name;
    finding.ts = duration.event.tsEvent;
    finding.tsText = text(Field::TsText);
    finding.tenant = text(Field::Tenant);
    finding.entityType = text(Field::EntityType);
    finding.entityId = text(Field::EntityId);
    finding.sourceId = text(Field::SourceId);
    finding.metric = text(Field::Metric);
    finding.step = text(Field::Step);
    if (duration.event[Field::Tags] != NoStr)
        finding.tags = text(Field::Tags);
    return finding;
}

class Entropy final : public LatencyEstimator
{
public:
    explicit Entropy(const LatencyEntropyOptions &options) : m_model(options) {}

    std::optional<Finding> observe(const Duration &duration) override
    {
        const auto found = m_model.observe(duration.key, duration.ns, duration.event.tsEvent);
        if (!found)
            return std::nullopt;
        Finding finding = findingOf(duration, "latency_entropy");
        finding.ts = found->end;
        finding.tsText = formatTimestamp(found->end);
        const std::string slice =
            describeDuration(found->end - found->start) + " from " + formatTimestamp(found->start);
        const std::string subject = subjectOf(duration);
        const std::string seen = twoDecimals(found->entropy) + " bits";
        const std::string usual = twoDecimals(found->baseline) + " ± " + twoDecimals(found->tolerance) + " bits";
        // The greater of the two counts up, so that the bits are how far they are apart.
        const double sign = found->entropy >= found->baseline ? 1.0 : -1.0;
        finding.terms.push_back(
            {std::string(SeenEntropyTerm), sign * found->entropy, subject + ", " + slice, seen, usual, found->samples});
        finding.terms.push_back({std::string(BaselineEntropyTerm),
                                 -sign * found->baseline,
                                 "median of the slices before",
                                 usual,
                                 {},
                                 found->slices});
        finding.bits = finding.terms[0].bits + finding.terms[1].bits;
        finding.message = "latencies of " + subject + " are spread over " + seen + " in " + slice + "; expected "
                          + usual + " (" + std::to_string(found->samples) + " samples, " + std::to_string(found->slices)
                          + " slices)";
        return finding;
    }

    void save(StateWriter &out) const override { m_model.save(out); }
    Status load(StateReader &in) override { return m_model.load(in); }

private:
    LatencyEntropy m_model;
};

class Lateness final : public LatencyEstimator
{
public:
    explicit Lateness(std::size_t keysMax) : m_series(keysMax) {}

    std::optional<Finding> observe(const Duration &duration) override
    {
        Series &series = m_series.findOrInsert(duration.key).first;
        series.seen = duration.age;
        const LateP95Score score = series.model.score(duration.ns);
        series.model.learn(duration.ns);
        if (!std::exchange(series.late, score.late) && score.late)
            return explain(duration, score);
        return std::nullopt;
    }

    void save(StateWriter &out) const override
    {
        const auto all = m_series.sorted();
        out.u64(all.size());
        for (const Series *series : all) {
            out.u64(series->key);
            out.u64(series->seen);
            out.u64(series->late ? 1 : 0);
            series->model.save(out);
        }
    }

    Status load(StateReader &in) override
    {
        const Error corrupt{
            Error::Code::Corrupt, "the stored state of late_p95 cannot be read", {}, "run again from the start"};
        m_series.clear();
        const std::uint64_t number = in.u64();
        if (number > m_series.entriesMax())
            return corrupt;
        for (std::uint64_t i = 0; i < number && !in.failed(); ++i) {
            Series &series = m_series.findOrInsert(tableKey(in.u64())).first;
            series.seen = static_cast<std::uint32_t>(in.u64());
            series.late = in.u64() != 0;
            EVENTOPS_TRY(series.model.load(in));
        }
        return in.failed() ? Status(corrupt) : Status(Ok{});
    }

private:
    struct Series {
        std::uint64_t key = 0;
        std::uint32_t seen = 0;
        bool late = false; ///< Its last duration was.
        LateP95 model;
    };

    static Finding explain(const Duration &duration, const LateP95Score &score)
    {
        Finding finding = findingOf(duration, "late_p95");
        const std::string subject = subjectOf(duration);
        const std::string took = describeDuration(duration.ns);
        const std::string usual = "p50 " + describeDuration(score.medianNs) + " ± " + describeDuration(score.madNs)
                                  + ", p95 " + describeDuration(score.p95Ns);
        finding.terms.push_back({"late_p95", score.bits, subject, took, usual, score.samples});
        finding.bits = score.bits;
        finding.hasValue = duration.event.hasValue;
        finding.value = duration.event.value;
        finding.unit = std::string(duration.batch.text(duration.event, Field::Unit));
        finding.message =
            subject + " took " + took + "; expected " + usual + " (" + std::to_string(score.samples) + " samples)";
        return finding;
    }

    FlatTable<Series> m_series;
};

} // namespace

LatencyEstimator::~LatencyEstimator() = default;

std::unique_ptr<LatencyEstimator> makeLatencyEntropy(const LatencyEntropyOptions &options)
{
    return std::make_unique<Entropy>(options);
}

std::unique_ptr<LatencyEstimator> makeLateP95(std::size_t keysMax)
{
    return std::make_unique<Lateness>(keysMax);
}

} // namespace eventops::estimate
