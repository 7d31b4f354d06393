// SPDX-License-Identifier: MIT
#include "core/session/kafka_reports.h"

#include "core/codec/action_events.h"
#include "core/kafka/kafka_line.h"

namespace eventops {

KafkaReports::KafkaReports(FileLock lock, const KafkaFeedSettings &settings, std::function<bool()> mustStop)
    : m_lock(std::move(lock)), m_writer(settings.writer()), m_mustStop(std::move(mustStop))
{
}

KafkaReports::~KafkaReports() = default;

Result<std::unique_ptr<KafkaReports>> KafkaReports::open(const Workspace &workspace, const KafkaFeedSettings &settings,
                                                         std::function<bool()> mustStop)
{
    EVENTOPS_TRY(Workspace::existing(workspace.directory));
    const KafkaSettings connection = EVENTOPS_TRY(settings.connection());
    FileLock lock = EVENTOPS_TRY(FileLock::take(workspace, "kafka-reports"));
    std::unique_ptr<KafkaReports> reports(new KafkaReports(std::move(lock), settings, std::move(mustStop)));
    reports->m_ledger = EVENTOPS_TRY(Ledger::open(workspace.directory, LedgerMode::Decide, {}));
    reports->m_reports = std::make_unique<ActionReports>(*reports->m_ledger, "bus");
    KafkaFollower::Options options;
    options.topics = {ActionsProgressTopic, ActionsResultTopic};
    options.markFile = markFile(workspace);
    options.mustStop = reports->m_mustStop;
    options.take = [reading = reports.get()](const FollowedMessage &followed) {
        return reading->take(followed);
    };
    reports->m_follower = EVENTOPS_TRY(KafkaFollower::open(connection, std::move(options)));
    reports->m_burial = EVENTOPS_TRY(KafkaBurial::open(connection, reports->m_follower->nameOf(ActionsDlqTopic),
                                                       reports->m_writer, *reports->m_ledger));
    return reports;
}

Status KafkaReports::take(const FollowedMessage &followed)
{
    if (!followed.message.payload || isWrittenBy(followed.message, m_writer)) {
        ++m_counts.foreign;
        return Ok{};
    }
    const auto taken = m_reports->take(*followed.message.payload);
    if (!taken) {
        if (taken.error().code != Error::Code::InvalidInput)
            return taken.error();
        EVENTOPS_TRY(m_burial->bury(followed, m_follower->cluster(), taken.error().message, m_mustStop));
        ++m_counts.letters;
        return Ok{};
    }
    switch (taken.value()) {
    case ActionReports::Taken::Moved: ++m_counts.moved; break;
    case ActionReports::Taken::Noted: ++m_counts.noted; break;
    case ActionReports::Taken::Known: ++m_counts.known; break;
    case ActionReports::Taken::Foreign: ++m_counts.foreign; break;
    }
    return Ok{};
}

} // namespace eventops
