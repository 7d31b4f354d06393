// SPDX-License-Identifier: MIT
#pragma once

#include "core/group/group_task.h"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace eventops {

/// How a member is: what of the group is its own, and how that goes.
struct MemberHealth {
    std::string application, pipeline, brokers, cluster;
    std::string member;           ///< The broker's name of it; empty: it is in no group yet.
    std::uint64_t rebalances = 0; ///< Times that partitions came or went.
    std::uint64_t errors = 0;     ///< Of the connection, of the group, and of the work on partitions …
    std::string lastError;        ///< … and the last of them.
    std::string trouble;          ///< Why nothing gets on, for people; empty: it does.
    std::uint64_t lag = 0;        ///< Records that wait, of its own partitions, as far as it is known.
    std::vector<TaskHealth> partitions;
    SinkCounts counts; ///< Since it began, of partitions that went as well.
    std::vector<std::string> notices;
};
std::string memberJson(const MemberHealth &health);
/// The same for Prometheus.
std::string memberMetrics(const MemberHealth &health);

/// One of any number of processes that run a pipeline together, as members of a Kafka consumer group. It owns some
/// partitions and has a task for each; what a task knows is in Kafka, so a member keeps nothing on disk and may end in
/// any way at any time. What is found does not depend on how many members there are, nor on which of them finds it.
/// Thread: `run` one; `health` any. Memory: that of the stages, once a partition.
class GroupMember
{
public:
    /// Asks the cluster for all that is needed; see makeGroupPlan. Nothing is joined yet.
    static Result<std::unique_ptr<GroupMember>> open(const PipelineSpec &spec);
    ~GroupMember();

    /// Takes part until @p stop is set; what was read is committed then, and others take over at once. Refused: the
    /// cluster does not let it.
    Status run(const std::atomic<bool> &stop);

    MemberHealth health() const;

private:
    class Membership;
    explicit GroupMember(std::shared_ptr<const GroupPlan> plan);

    const std::shared_ptr<const GroupPlan> m_plan;
    std::vector<std::unique_ptr<Membership>> m_memberships; ///< One a step.
};

} // namespace eventops
