// SPDX-License-Identifier: MIT
#include "core/pipeline/stage_engine.h"

#include "core/base/json.h"
#include "core/model/event_id.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <iterator>
#include <tuple>

namespace eventops {

/// Files findings under the event that caused them.
class StageEngine::Collector final : public Emitter
{
public:
    Collector(std::vector<Emitted> &out, std::vector<EmittedFeature> &features, std::uint32_t stage)
        : m_out(out), m_features(features), m_stage(stage)
    {
    }
    void emit(std::uint32_t event, Finding finding) override
    {
        m_out.push_back({event, m_stage, std::move(finding)});
    }
    void emitFeature(std::uint32_t event, FeatureWindow window) override
    {
        m_features.push_back({event, m_stage, std::move(window)});
    }

private:
    std::vector<Emitted> &m_out;
    std::vector<EmittedFeature> &m_features;
    std::uint32_t m_stage;
};

namespace {

/// Nothing: it is none, or one that cannot be read, which is an event and no more.
std::optional<Feedback> feedbackOf(const Batch &batch, const Event &event)
{
    const auto kind = feedbackKindOf(batch.text(event, Field::Type));
    if (!kind)
        return std::nullopt;
    auto feedback = feedbackFromJson(*kind, batch.text(event, Field::Attrs));
    if (!feedback)
        return std::nullopt;
    feedback.value().ts = event.tsEvent;
    feedback.value().seq = batch.records[event.record].seq;
    return std::move(feedback).value();
}

/// The first event from @p begin on that a person told; @p end: none of them.
std::size_t firstFeedback(const Batch &batch, std::size_t begin, std::size_t end,
                          std::span<const std::string> sourceKeys)
{
    if (std::none_of(sourceKeys.begin(), sourceKeys.end(), isInputLog))
        return end;
    for (; begin < end; ++begin) {
        const Event &event = batch.events[begin];
        const std::uint32_t source = batch.records[event.record].source;
        if (source < sourceKeys.size() && isInputLog(sourceKeys[source])
            && feedbackKindOf(batch.text(event, Field::Type)))
            break;
    }
    return begin;
}

} // namespace

namespace {

constexpr std::size_t FirstEpochRecords = 256; ///< Before the first merge; then as many again, until EpochRecords.
constexpr std::uint64_t EarlyEpochs = std::bit_width(EpochRecords / FirstEpochRecords); ///< Shorter than the others.
static_assert(FirstEpochRecords << (EarlyEpochs - 1) == EpochRecords);

/// Records 1 … 256 are epoch 0, 257 … 512 the next, 513 … 1,024 the one after: what little is known is shared soon.
std::uint64_t epochOf(Seq seq)
{
    const Seq before = seq - 1;
    return before < EpochRecords ? std::bit_width(before / FirstEpochRecords) : EarlyEpochs - 1 + before / EpochRecords;
}

Seq lastOfEpoch(std::uint64_t epoch)
{
    return epoch < EarlyEpochs ? FirstEpochRecords << epoch : (epoch - EarlyEpochs + 2) * EpochRecords;
}

} // namespace

bool isInputLog(std::string_view sourceKey)
{
    return sourceKey == InputLogKey
        || (sourceKey.starts_with(InputLogKey) && sourceKey.size() > InputLogKey.size()
            && sourceKey[InputLogKey.size()] == '@');
}

StageEngine::Observer::~Observer() = default;

void StageEngine::Output::clear()
{
    findings.clear();
    features.clear();
    global.entities.clear();
    global.links.clear();
    global.suggestions.clear();
}

Result<std::unique_ptr<StageEngine>> StageEngine::make(std::span<const Configured<StageSpec>> stages,
                                                       std::int64_t latenessNs)
{
    std::unique_ptr<StageEngine> engine(new StageEngine);
    engine->m_latenessNs = latenessNs;
    for (const Configured<StageSpec> &stage : stages) {
        const std::string name(stage.spec->name);
        if (stage.spec->makeKeyed != nullptr) {
            Keyed keyed{name, EVENTOPS_TRY(stage.spec->makeKeyed(stage.settings)), {}};
            for (unsigned p = 0; p < PartitionCount; ++p)
                keyed.partitions.push_back(keyed.shared->makePartition(p));
            engine->m_keyed.push_back(std::move(keyed));
        } else if (stage.spec->makeGlobal != nullptr) {
            engine->m_global.push_back({name, EVENTOPS_TRY(stage.spec->makeGlobal(stage.settings))});
        }
    }
    return engine;
}

std::size_t StageEngine::bytes() const
{
    std::size_t all = 0;
    for (const Keyed &keyed : m_keyed) {
        all += keyed.shared->bytes();
        for (const auto &partition : keyed.partitions)
            all += partition->bytes();
    }
    return all;
}

void StageEngine::enterEpochOf(Seq seq)
{
    // Several empty epochs fold like one: there is nothing in the deltas.
    const std::uint64_t epoch = epochOf(seq);
    if (epoch == m_epoch)
        return;
    assert(epoch > m_epoch);
    m_epoch = epoch;
    for (Keyed &keyed : m_keyed)
        keyed.shared->mergeEpoch(keyed.partitions);
}

void StageEngine::process(const Batch &batch, std::span<const std::string> sourceKeys, WorkerPool *pool, Output &out)
{
    std::size_t begin = 0;
    while (begin < batch.events.size()) {
        const Seq first = batch.records[batch.events[begin].record].seq;
        enterEpochOf(first);
        const Seq last = lastOfEpoch(m_epoch);
        std::size_t end = batch.events.size();
        if (batch.records[batch.events[end - 1].record].seq > last) {
            const auto past = std::upper_bound(
                batch.events.begin() + static_cast<std::ptrdiff_t>(begin), batch.events.end(), last,
                [&](Seq seq, const Event &event) { return seq < batch.records[event.record].seq; });
            end = static_cast<std::size_t>(past - batch.events.begin());
        }
        // What a person told is a stretch of its own: all partitions know it from there on.
        const std::size_t told = firstFeedback(batch, begin, end, sourceKeys);
        if (told > begin)
            end = told;
        else if (told < end)
            end = told + 1;
        m_told = told == begin ? feedbackOf(batch, batch.events[told]) : std::nullopt;
        processSegment(batch, begin, end, pool, out, sourceKeys);
        begin = end;
    }
}

void StageEngine::processSegment(const Batch &batch, std::size_t begin, std::size_t end, WorkerPool *pool, Output &out,
                                 std::span<const std::string> sourceKeys)
{
    const std::size_t findingsBefore = out.findings.size();
    if (!m_keyed.empty()) {
        partition(batch, begin, end);
        markTimes(batch, begin, end);
        const TimeProgress time(static_cast<std::uint32_t>(begin), m_marks);
        if (pool != nullptr && pool->workers() > 1) {
            pool->forEach(PartitionCount, [&](std::size_t p) { runPartition(batch, p, time); });
        } else {
            for (std::size_t p = 0; p < PartitionCount; ++p)
                runPartition(batch, p, time);
        }
        if (m_told)
            tellFeedback(static_cast<std::uint32_t>(begin));
        mergeFindings(batch, sourceKeys, out);
        mergeFeatures(batch, out);
    }
    const std::span<const Finding> findings(out.findings.data() + findingsBefore, out.findings.size() - findingsBefore);
    runGlobal(batch, begin, end, findings, out);
}

void StageEngine::processGlobal(const Batch &batch, std::span<const Finding> findings, Output &out)
{
    if (!batch.events.empty())
        runGlobal(batch, 0, batch.events.size(), findings, out);
}

void StageEngine::runGlobal(const Batch &batch, std::size_t begin, std::size_t end, std::span<const Finding> findings,
                            Output &out)
{
    for (Global &global : m_global) {
        const Observer::Sizes before{out.global.entities.size(), out.global.links.size(),
                                     out.global.suggestions.size()};
        global.stage->process(batch, begin, end, findings, out.global);
        if (m_observer != nullptr)
            m_observer->gave(global.name, out.global, before);
    }
}

void StageEngine::partition(const Batch &batch, std::size_t begin, std::size_t end)
{
    std::array<std::uint32_t, PartitionCount> counts{};
    for (std::size_t i = begin; i < end; ++i)
        ++counts[batch.events[i].entityKey % PartitionCount];
    m_first[0] = 0;
    for (std::size_t p = 0; p < PartitionCount; ++p)
        m_first[p + 1] = m_first[p] + counts[p];
    std::copy_n(m_first.begin(), PartitionCount, counts.begin());
    m_order.resize(end - begin);
    for (std::size_t i = begin; i < end; ++i)
        m_order[counts[batch.events[i].entityKey % PartitionCount]++] = static_cast<std::uint32_t>(i);
}

void StageEngine::markTimes(const Batch &batch, std::size_t begin, std::size_t end)
{
    m_marks.resize(end - begin);
    for (std::size_t i = begin; i < end; ++i) {
        const WallNs ts = batch.events[i].tsEvent;
        if (ts != NoTime && (m_newest == NoTime || raw(ts) > raw(m_newest)))
            m_newest = ts;
        m_marks[i - begin] = m_newest == NoTime ? NoTime : m_newest + -m_latenessNs;
    }
}

void StageEngine::runPartition(const Batch &batch, std::size_t partition, const TimeProgress &time)
{
    const std::span<const std::uint32_t> events(m_order.data() + m_first[partition],
                                                m_first[partition + 1] - m_first[partition]);
    m_emitted[partition].clear();
    m_emittedFeatures[partition].clear();
    for (std::uint32_t s = 0; s < m_keyed.size(); ++s) {
        KeyedStage &stage = *m_keyed[s].partitions[partition];
        if (const WallNs due = stage.nextDue(); events.empty() && (due == NoTime || raw(due) > raw(time.last())))
            continue;
        Collector collector(m_emitted[partition], m_emittedFeatures[partition], s);
        stage.process(batch, events, time, collector);
    }
}

void StageEngine::tellFeedback(std::uint32_t event)
{
    for (std::uint32_t s = 0; s < m_keyed.size(); ++s) {
        Collector collector(m_emitted[0], m_emittedFeatures[0], s);
        m_keyed[s].shared->takeFeedback(*m_told, m_keyed[s].partitions, event, collector);
    }
}

void StageEngine::mergeFindings(const Batch &batch, std::span<const std::string> sourceKeys, Output &out)
{
    m_merged.clear();
    for (auto &emitted : m_emitted) {
        std::move(emitted.begin(), emitted.end(), std::back_inserter(m_merged));
        emitted.clear();
    }
    // What an event's passing of time set off in several partitions stays in their order.
    std::stable_sort(m_merged.begin(), m_merged.end(), [](const Emitted &a, const Emitted &b) {
        return std::tie(a.event, a.stage) < std::tie(b.event, b.stage);
    });
    Seq seq = 0;
    std::uint32_t emission = 0;
    for (Emitted &emitted : m_merged) {
        const Event &event = batch.events[emitted.event];
        const RawRecord &record = batch.records[event.record];
        emission = record.seq == seq ? emission + 1 : 0;
        seq = record.seq;
        Finding &finding = emitted.finding;
        finding.seq = seq;
        finding.emission = emission;
        const std::string id = eventId(batch, event, sourceKeys);
        if (finding.evidence == "[]") {
            finding.evidence = "[";
            appendJsonString(finding.evidence, id);
            finding.evidence += ']';
        }
        if (finding.id.empty()) // else it is another engine's, and keeps its name
            finding.id = derivedId({id, toString(finding.origin), finding.name, finding.metric, finding.step,
                                    toString(finding.state), std::to_string(emission)});
        if (m_observer != nullptr)
            m_observer->found(m_keyed[emitted.stage].name, finding);
        out.findings.push_back(std::move(finding));
    }
}

void StageEngine::mergeFeatures(const Batch &batch, Output &out)
{
    m_mergedFeatures.clear();
    for (auto &emitted : m_emittedFeatures) {
        std::move(emitted.begin(), emitted.end(), std::back_inserter(m_mergedFeatures));
        emitted.clear();
    }
    std::stable_sort(
        m_mergedFeatures.begin(), m_mergedFeatures.end(),
        [](const EmittedFeature &a, const EmittedFeature &b) { return std::tie(a.event, a.stage)
                                                                    < std::tie(b.event, b.stage); });
    Seq seq = 0;
    std::uint32_t emission = 0;
    for (EmittedFeature &emitted : m_mergedFeatures) {
        const RawRecord &record = batch.records[batch.events[emitted.event].record];
        emission = record.seq == seq ? emission + 1 : 0;
        seq = record.seq;
        emitted.window.seq = seq;
        emitted.window.emission = emission;
        out.features.push_back(std::move(emitted.window));
    }
}

StageView StageEngine::view() const
{
    StageView all;
    for (const Keyed &keyed : m_keyed)
        keyed.shared->view(keyed.partitions, all);
    return all;
}

void StageEngine::save(StateWriter &out) const
{
    out.u64(m_epoch);
    out.i64(raw(m_newest));
    const auto section = [&](std::string_view name, const StateWriter &content) {
        out.text(name);
        out.text(content.bytes());
    };
    for (const Keyed &keyed : m_keyed) {
        StateWriter content;
        keyed.shared->save(content);
        for (const auto &partition : keyed.partitions)
            partition->save(content);
        section(keyed.name, content);
    }
    for (const Global &global : m_global) {
        StateWriter content;
        global.stage->save(content);
        section(global.name, content);
    }
}

Status StageEngine::load(StateReader &in)
{
    m_epoch = in.u64();
    m_newest = WallNs{in.i64()};
    for (Keyed &keyed : m_keyed) {
        if (in.text() != keyed.name)
            return Error{Error::Code::Corrupt, "the checkpoint holds no state of stage " + keyed.name};
        StateReader content(in.text());
        EVENTOPS_TRY(keyed.shared->load(content));
        for (const auto &partition : keyed.partitions)
            EVENTOPS_TRY(partition->load(content));
        EVENTOPS_TRY(content.finish());
    }
    for (Global &global : m_global) {
        if (in.text() != global.name)
            return Error{Error::Code::Corrupt, "the checkpoint holds no state of stage " + global.name};
        StateReader content(in.text());
        EVENTOPS_TRY(global.stage->load(content));
        EVENTOPS_TRY(content.finish());
    }
    return in.failed() ? Status(Error{Error::Code::Corrupt, "the checkpoint is cut short"}) : Status(Ok{});
}

std::string eventId(const Batch &batch, const Event &event, std::span<const std::string> sourceKeys)
{
    if (event[Field::EventId] != NoStr)
        return std::string(batch.text(event, Field::EventId));
    const RawRecord &record = batch.records[event.record];
    return derivedEventId(sourceKeys[record.source], record.position, record.hash, event.emission);
}

} // namespace eventops
