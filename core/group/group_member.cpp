// SPDX-License-Identifier: MIT
#include "core/group/group_member.h"

#include <algorithm>
#include <set>

namespace eventops {
namespace {

constexpr std::chrono::milliseconds PollWait{50};

} // namespace

/// The part in the group of one step: partitions come, get a task each, and go.
class GroupMember::Membership final : public KafkaGroup::Listener
{
public:
    Membership(std::shared_ptr<const GroupPlan> plan, const GroupStep &step) : m_plan(std::move(plan)), m_step(step) {}
    ~Membership() override { leave(); }

    Status join()
    {
        KafkaGroup::Options options;
        options.group = m_step.group;
        options.topics = m_step.topics;
        options.sessionTimeout = m_plan->settings.sessionTimeout;
        auto group = EVENTOPS_TRY(KafkaGroup::join(m_plan->connection, options, *this));
        const std::lock_guard lock(m_mutex);
        m_group = std::move(group);
        return Ok{};
    }
    Status poll() { return m_group->poll(PollWait); }
    void leave()
    {
        if (m_group == nullptr)
            return;
        m_group->leave();
        revoked(places(), true); // none is left, unless the broker is away
    }

    void assigned(const std::vector<TopicPartition> &places) override
    {
        for (const TopicPartition &place : places) {
            auto task = std::make_shared<GroupTask>(m_plan, m_step, *m_group, place);
            const std::lock_guard lock(m_mutex);
            m_tasks.insert_or_assign(place, std::move(task));
        }
    }
    void revoked(const std::vector<TopicPartition> &places, bool lost) override
    {
        {
            const std::lock_guard lock(m_mutex);
            for (const TopicPartition &place : places) {
                if (const auto task = m_tasks.find(place); task != m_tasks.end())
                    task->second->stop(lost); // all at once, and then each is waited for
            }
        }
        for (const TopicPartition &place : places)
            end(place);
    }

    void addTo(MemberHealth &health) const
    {
        const std::lock_guard lock(m_mutex);
        if (m_group != nullptr) {
            const KafkaGroup::Statistics group = m_group->statistics();
            health.rebalances += group.rebalances;
            health.errors += group.errors;
            if (!group.lastError.empty())
                health.lastError = group.lastError;
            if (!m_step.rekeys)
                health.member = group.member;
        }
        health.counts += m_ended;
        health.errors += m_endedErrors;
        for (const auto &[place, task] : m_tasks) {
            TaskHealth one = task->health();
            health.counts += one.counts;
            health.lag += one.source.lag.value_or(0);
            health.errors += one.source.errors + one.failures;
            for (const std::string &error : {one.source.lastError, one.lastError})
                health.lastError = error.empty() ? health.lastError : error;
            if (health.trouble.empty() && !one.trouble.empty())
                health.trouble = place.text() + ": " + one.trouble;
            health.partitions.push_back(std::move(one));
        }
    }

private:
    std::vector<TopicPartition> places() const
    {
        const std::lock_guard lock(m_mutex);
        std::vector<TopicPartition> out;
        for (const auto &[place, task] : m_tasks)
            out.push_back(place);
        return out;
    }
    /// Waits for the task's end, without holding up who asks how things are.
    void end(const TopicPartition &place)
    {
        std::shared_ptr<GroupTask> task;
        {
            const std::lock_guard lock(m_mutex);
            if (const auto found = m_tasks.find(place); found != m_tasks.end())
                task = found->second;
        }
        if (task == nullptr)
            return;
        task->join();
        const std::lock_guard lock(m_mutex);
        const TaskHealth last = task->health();
        m_ended += last.counts;
        m_endedErrors += last.source.errors + last.failures;
        m_tasks.erase(place);
    }

    const std::shared_ptr<const GroupPlan> m_plan;
    const GroupStep &m_step;
    mutable std::mutex m_mutex;
    std::unique_ptr<KafkaGroup> m_group;
    std::map<TopicPartition, std::shared_ptr<GroupTask>> m_tasks;
    SinkCounts m_ended; ///< Of tasks that are over.
    std::uint64_t m_endedErrors = 0;
};

GroupMember::GroupMember(std::shared_ptr<const GroupPlan> plan) : m_plan(std::move(plan))
{
    for (const GroupStep &step : m_plan->steps)
        m_memberships.push_back(std::make_unique<Membership>(m_plan, step));
}

GroupMember::~GroupMember() = default;

Result<std::unique_ptr<GroupMember>> GroupMember::open(const PipelineSpec &spec)
{
    auto plan = EVENTOPS_TRY(makeGroupPlan(spec));
    return std::unique_ptr<GroupMember>(new GroupMember(std::move(plan)));
}

Status GroupMember::run(const std::atomic<bool> &stop)
{
    for (const auto &membership : m_memberships)
        EVENTOPS_TRY(membership->join());
    Status outcome = Ok{};
    while (outcome && !stop) {
        for (const auto &membership : m_memberships) {
            outcome = membership->poll();
            if (!outcome)
                break;
        }
    }
    for (const auto &membership : m_memberships)
        membership->leave();
    return outcome;
}

MemberHealth GroupMember::health() const
{
    MemberHealth health;
    health.application = m_plan->settings.application;
    health.pipeline = m_plan->pipeline;
    health.brokers = m_plan->connection.brokers;
    health.cluster = m_plan->cluster;
    health.notices = m_plan->notices;
    for (const auto &membership : m_memberships)
        membership->addTo(health);
    return health;
}

} // namespace eventops
