// SPDX-License-Identifier: MIT
#include "core/group/group_task.h"

#include <algorithm>

namespace eventops {
namespace {

constexpr std::chrono::milliseconds AskWait{10'000};
constexpr std::chrono::milliseconds GiveUpAfter{10'000}; ///< So long a task that was asked to end waits for a broker.
constexpr std::chrono::milliseconds FirstPause{200};
constexpr std::chrono::milliseconds LastPause{5'000};

} // namespace

GroupTask::GroupTask(std::shared_ptr<const GroupPlan> plan, const GroupStep &step, const KafkaGroup &group,
                     TopicPartition place)
    : m_plan(std::move(plan)), m_step(step), m_group(group), m_place(std::move(place))
{
    m_health.place = m_place;
    m_health.rekeys = m_step.rekeys;
    m_health.source.title = m_place.text();
    m_thread = std::thread([this] { work(); });
}

GroupTask::~GroupTask()
{
    join();
}

void GroupTask::join()
{
    stop(false);
    if (m_thread.joinable())
        m_thread.join();
}

void GroupTask::stop(bool lost)
{
    {
        const std::lock_guard lock(m_mutex);
        if (!m_stop)
            m_stoppedAt = std::chrono::steady_clock::now();
        m_lost = m_lost || lost;
        m_stop = true;
    }
    m_stopped.notify_all();
}

bool GroupTask::mustGiveUp() const
{
    if (m_lost)
        return true;
    if (!m_stop)
        return false;
    const std::lock_guard lock(m_mutex);
    return std::chrono::steady_clock::now() - m_stoppedAt > GiveUpAfter;
}

/// False: it is to end.
bool GroupTask::pauseFor(std::chrono::milliseconds time)
{
    std::unique_lock lock(m_mutex);
    return !m_stopped.wait_for(lock, time, [this] { return m_stop.load(); });
}

TaskHealth GroupTask::health() const
{
    const std::lock_guard lock(m_mutex);
    TaskHealth out = m_health;
    out.counts = m_before;
    if (m_sink != nullptr)
        out.counts += m_sink->counts();
    return out;
}

void GroupTask::note(const std::string &text)
{
    const std::lock_guard lock(m_mutex);
    m_health.source.notice = text;
}

void GroupTask::work()
{
    std::chrono::milliseconds pause = FirstPause;
    while (!m_stop) {
        const auto begun = std::chrono::steady_clock::now();
        const Status done = attempt();
        {
            const std::lock_guard lock(m_mutex);
            m_health.running = false;
            if (!done && !m_stop) {
                ++m_health.failures;
                m_health.trouble = done.error().text();
                m_health.lastError = done.error().text();
            }
        }
        if (std::chrono::steady_clock::now() - begun > 2 * LastPause)
            pause = FirstPause; // it had worked for a while
        if (!pauseFor(pause))
            return;
        pause = std::min(2 * pause, LastPause);
    }
}

/// Where the one before had come, once he can write nothing any more.
Result<TaskStart> GroupTask::findStart()
{
    TaskStart start;
    if (m_step.rekeys) {
        for (const auto &[place, offset] : EVENTOPS_TRY(committedOffsets(m_group.handle(), {m_place}, AskWait)))
            start.committed = offset;
        return start;
    }
    ChangelogContent content = EVENTOPS_TRY(readChangelog(m_plan->client, m_plan->settings.changelogTopic(),
                                                          m_place.partition, [this] { return mustGiveUp(); }));
    start.parts = content.parts;
    if (content.cursor)
        start.committed = content.cursor->offset;
    if (content.state && content.state->config == m_step.configHash)
        start.state = std::move(content.state);
    else if (content.state)
        note("the settings are others than those of the state of " + m_place.text()
             + ": it is built anew from what the topic still holds");
    else if (!content.damage.empty())
        note("the state of " + m_place.text() + " in the changelog cannot be used (" + content.damage
             + "): it is built anew from what the topic still holds");
    return start;
}

Status GroupTask::checkPlace(const TaskStart &start) const
{
    if (!start.committed)
        return Ok{};
    const KafkaOffsets ends = EVENTOPS_TRY(m_plan->client->offsets(m_place.topic, m_place.partition, AskWait));
    if (*start.committed <= ends.high)
        return Ok{};
    return Error{Error::Code::Refused,
                 "topic " + m_place.text() + " was made anew or cut: it ends at offset " + std::to_string(ends.high)
                     + ", and it was read up to " + std::to_string(*start.committed),
                 {},
                 "give the group another application name, or delete its changelog and the group"};
}

Result<RunnerSource> GroupTask::makeInput(const TaskStart &start) const
{
    const SourceSpec &spec = *m_step.spec.sources.front().spec;
    const Value settings = partitionSettings(m_step, m_place.topic, m_place.partition, start.committed.has_value());
    RunnerSource input;
    input.source = EVENTOPS_TRY(spec.make(settings, SourceArguments{}));
    input.progress.key = input.source->key();
    if (m_step.rekeys)
        input.progress.cursor = start.committed.value_or(0);
    else if (start.state)
        input.progress.cursor = start.state->at.offset;
    return input;
}

void GroupTask::hear(const RunProgress &progress)
{
    const std::lock_guard lock(m_mutex);
    m_health.trouble = progress.trouble;
    if (progress.sources.empty())
        return;
    std::string notice = std::move(m_health.source.notice);
    m_health.source = progress.sources.front();
    if (m_health.source.notice.empty())
        m_health.source.notice = std::move(notice);
}

/// A runner in the state that @p start has; a state that cannot be used is taken out of it.
Result<std::unique_ptr<PipelineRunner>> GroupTask::makeRunner(TransactionSink &sink, KeyWindow &keys, TaskStart &start)
{
    RunnerOptions options;
    options.commitDelay = m_plan->settings.commitDelay;
    options.checkpointRecords = m_plan->settings.checkpointRecords;
    options.stop = &m_stop;
    options.keys = &keys;
    options.progress = [this](const RunProgress &progress) {
        hear(progress);
    };
    auto runner = EVENTOPS_TRY(PipelineRunner::make(m_step.spec, sink, options));
    if (!start.state || start.state->bytes.empty())
        return runner;
    const ChangelogState &state = *start.state;
    const Checkpoint checkpoint{state.at.seq, m_step.configHash, state.bytes};
    const Status restored = runner->restore(state.at.seq, state.watermark, checkpoint, {}, [](Seq, const auto &) {
        return Status(Error{Error::Code::Corrupt, "it is of another version of this program"});
    });
    if (restored)
        return runner;
    note("the state of " + m_place.text() + " in the changelog cannot be used (" + restored.error().message
         + "): it is built anew from what the topic still holds");
    start.state.reset();
    return PipelineRunner::make(m_step.spec, sink, std::move(options));
}

Status GroupTask::attempt()
{
    KafkaTransactions::Options options;
    options.mustStop = [this] {
        return mustGiveUp();
    };
    const std::string id = m_step.group + '-' + m_place.topic + '-' + std::to_string(m_place.partition);
    const auto transactions = EVENTOPS_TRY(KafkaTransactions::open(m_plan->connection, id, std::move(options)));
    TaskStart start = EVENTOPS_TRY(findStart());
    EVENTOPS_TRY(checkPlace(start));

    const SinkTools tools{*m_plan, m_step, *transactions, m_group, m_place};
    KafkaDocuments documents = EVENTOPS_TRY(m_plan->documents());
    std::unique_ptr<TransactionSink> sink;
    if (m_step.rekeys)
        sink = std::make_unique<RekeySink>(tools, std::move(documents), start);
    else
        sink = std::make_unique<FindingSink>(tools, std::move(documents), start);
    // Records on their way into order keep their duplicates: those are told where they are found.
    KeyWindow keys(m_step.rekeys ? 0 : m_plan->settings.dedupeRecords);
    const auto runner = EVENTOPS_TRY(makeRunner(*sink, keys, start));
    return run(*runner, *sink, EVENTOPS_TRY(makeInput(start)));
}

Status GroupTask::run(PipelineRunner &runner, const TransactionSink &sink, RunnerSource input)
{
    {
        const std::lock_guard lock(m_mutex);
        m_sink = &sink;
        m_health.running = true;
        m_health.trouble.clear();
        m_health.restoredFrom = input.progress.cursor;
    }
    std::vector<RunnerSource> inputs;
    inputs.push_back(std::move(input));
    const Status done = runner.run(std::move(inputs));
    const std::lock_guard lock(m_mutex);
    m_before += sink.counts();
    m_sink = nullptr;
    return done;
}

} // namespace eventops
