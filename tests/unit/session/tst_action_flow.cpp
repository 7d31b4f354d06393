// SPDX-License-Identifier: MIT
//
// From approval to result with an executor whose answers are given, on a clock that is moved by hand.
#include "tests/support/test_main.h"

#include "core/codec/action_events.h"
#include "core/session/action_flow.h"
#include "tests/unit/store/fixture.h"

#include <algorithm>

using namespace eventops;
using namespace eventops::test;

namespace {

/// Gives its answers in turn, the last one for ever; keeps what it was asked.
class Scripted final : public Executor
{
public:
    Scripted(std::vector<ActionOutcome> answers, std::vector<ActionRequest> &seen)
        : m_answers(std::move(answers)), m_seen(seen)
    {
    }
    bool accepts(std::string_view) const override { return true; }
    ActionOutcome execute(const ActionRequest &request, const Progress &) override
    {
        m_seen.push_back(request);
        return m_answers[std::min(m_seen.size(), m_answers.size()) - 1];
    }

private:
    std::vector<ActionOutcome> m_answers;
    std::vector<ActionRequest> &m_seen;
};

ActionOutcome failure(bool retryable)
{
    ActionOutcome outcome;
    outcome.retryable = retryable;
    outcome.error = "no answer";
    return outcome;
}

/// A workspace with one action that is approved and published.
struct Published {
    Workspace workspace;
    std::unique_ptr<Ledger> ledger = workspace.open();
    std::vector<ActionRequest> seen;
    std::string id = "aa.1";

    Published()
    {
        Suggestion suggestion;
        suggestion.id = "aa";
        suggestion.seq = 1;
        suggestion.policy = "p";
        suggestion.tenant = "t";
        suggestion.entityId = "host:a";
        suggestion.command = "restart_service";
        suggestion.args = "{}";
        suggestion.expiresAt = WallNs{1'000};
        BatchMaker maker(1);
        maker.record("r");
        CommitGroup group = groupOf(maker.take());
        group.suggestions = {suggestion};
        group.watermark = WallNs{10};
        require(ledger->commit(group));
        const Decision decision{id, DecisionKind::Approve, "user:ann", "looks right"};
        require(applyDecision(*ledger, ledger->action(id).value(), decision));
        if (publishApproved(*ledger).value() != 1)
            qFatal("nothing was published");
    }

    ExecutorRole role(std::vector<ActionOutcome> answers)
    {
        std::vector<std::unique_ptr<Executor>> executors;
        executors.push_back(std::make_unique<Scripted>(std::move(answers), seen));
        return {*ledger, std::move(executors), &workspace.clock};
    }

    void wait(std::int64_t ms) { workspace.clock.set(workspace.clock.now() + ms * NsPerMs); }
    /// Requests in the dead letters.
    std::size_t letters()
    {
        const std::vector<OutboxRow> rows = ledger->outbox("published").value();
        return static_cast<std::size_t>(std::count_if(
            rows.begin(), rows.end(), [](const OutboxRow &row) { return row.topic == ActionsDlqTopic; }));
    }

    static void require(const Status &status)
    {
        if (!status)
            qFatal("%s", status.error().text().c_str());
    }
};

} // namespace

class TestActionFlow : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    /// Attempts back off, keep the key and the document, and end in the dead letters; then nothing is left to do.
    void retriesEndInTheDeadLetters()
    {
        Published published;
        ExecutorRole role = published.role({failure(true)});
        for (const std::int64_t delayMs : {0, 1'000, 2'000, 4'000}) {
            if (delayMs > 0) {
                published.wait(delayMs - 1);
                QCOMPARE(role.runDue().value(), 0U); // not yet
                QVERIFY(role.pending().value());
                published.wait(1);
            }
            QCOMPARE(published.letters(), std::size_t{0});
            QCOMPARE(role.runDue().value(), 1U);
        }
        QCOMPARE(published.seen.size(), std::size_t{4});
        for (std::size_t i = 0; i < published.seen.size(); ++i) {
            QCOMPARE(published.seen[i].attempt, static_cast<std::uint32_t>(i + 1));
            QCOMPARE(published.seen[i].idempotencyKey, published.seen[0].idempotencyKey);
            QCOMPARE(published.seen[i].envelope, published.seen[0].envelope);
        }
        QVERIFY(published.ledger->action(published.id).value().state == ActionState::Failed);
        QCOMPARE(published.letters(), std::size_t{1});
        QVERIFY(!role.pending().value()); // the letter waits for a person, not for this role
        published.wait(3'600'000);
        QCOMPARE(role.runDue().value(), 0U);
        EVENTOPS_OK(published.ledger->verifyAudit());
    }

    void whatCannotBeMendedIsNotRepeated()
    {
        Published published;
        ExecutorRole role = published.role({failure(false)});
        QCOMPARE(role.runDue().value(), 1U);
        QVERIFY(!role.pending().value());
        QVERIFY(published.ledger->action(published.id).value().state == ActionState::Failed);
        QCOMPARE(published.letters(), std::size_t{0});
    }

    void aLaterAttemptMaySucceed()
    {
        Published published;
        ActionOutcome good;
        good.kind = ActionOutcome::Kind::Succeeded;
        good.output = "done";
        ExecutorRole role = published.role({failure(true), good});
        QCOMPARE(role.runDue().value(), 1U);
        published.wait(1'000);
        QCOMPARE(role.runDue().value(), 1U);
        const Action action = published.ledger->action(published.id).value();
        QVERIFY(action.state == ActionState::Succeeded);
        QCOMPARE(action.attempts, 2U);
        QCOMPARE(action.output, std::string("done"));
        QVERIFY(!role.pending().value());
    }
};

EVENTOPS_TEST(TestActionFlow)
#include "tst_action_flow.moc"
