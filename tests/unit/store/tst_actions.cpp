// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "tests/unit/store/fixture.h"

#include <sqlite3.h>

using namespace eventops;
using namespace eventops::test;

namespace {

Suggestion suggestion(std::string id, std::int64_t expires = 1'000)
{
    Suggestion s;
    s.id = std::move(id);
    s.seq = 1;
    s.findingId = "finding";
    s.policy = "restart-on-load";
    s.tenant = "t";
    s.entityType = "host";
    s.entityId = "a";
    s.command = "restart_service";
    s.args = R"({"force":true})";
    s.expiresAt = WallNs{expires};
    return s;
}

Status propose(Ledger &ledger, std::vector<Suggestion> suggestions, std::int64_t watermark = 10)
{
    const Seq seq = ledger.lastSeq().value() + 1;
    BatchMaker maker(seq);
    maker.record("r");
    CommitGroup group = groupOf(maker.take());
    group.suggestions = std::move(suggestions);
    group.watermark = WallNs{watermark};
    return ledger.commit(group);
}

Transition approval(std::string id)
{
    Transition t;
    t.actionId = std::move(id);
    t.to = ActionState::Approved;
    t.actor = t.approver = "user:ann";
    t.reason = "looks right";
    t.checkExpiry = true;
    return t;
}

/// Runs SQL on the ledger behind its back.
int tamper(const Workspace &workspace, const char *sql)
{
    sqlite3 *other = nullptr;
    openAsWe(workspace.path() + "/ledger.db", &other);
    const int code = sqlite3_exec(other, sql, nullptr, nullptr, nullptr);
    sqlite3_close(other);
    return code;
}

} // namespace

class TestActions : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void proposedOnce()
    {
        Workspace workspace;
        auto ledger = workspace.open();
        EVENTOPS_OK(propose(*ledger, {suggestion("aa"), suggestion("bb")}));
        EVENTOPS_OK(propose(*ledger, {suggestion("aa")}));
        QCOMPARE(ledger->suggestionCount().value(), std::uint64_t{2});
        const Action action = ledger->action("aa.1").value();
        QVERIFY(action.state == ActionState::Proposed);
        QCOMPARE(action.version, 1U);
        QCOMPARE(action.digest.size(), std::size_t{64});
        QVERIFY(!action.idempotencyKey.empty());
        QCOMPARE(ledger->verifyAudit().value(), std::uint64_t{2});
        QCOMPARE(ledger->action("aa.2").error().code, Error::Code::Refused);
        QCOMPARE(ledger->action("cc.1").error().code, Error::Code::NotFound);
        QCOMPARE(ledger->action("aa").error().code, Error::Code::InvalidArgument);
        QCOMPARE(ledger->action("aa.1x").error().code, Error::Code::InvalidArgument);
    }

    void digestCoversWhatIsApproved()
    {
        Workspace workspace;
        auto ledger = workspace.open();
        Suggestion base = suggestion("a0");
        std::vector<Suggestion> all(7, base);
        for (std::size_t i = 0; i < all.size(); ++i)
            all[i].id = "a" + std::to_string(i);
        all[1].command = "x";
        all[2].args = "{}";
        all[3].entityId = "b";
        all[4].findingId = "other";
        all[5].expiresAt = WallNs{7};
        EVENTOPS_OK(propose(*ledger, all));
        const std::string digest = ledger->action("a0.1").value().digest;
        for (int i = 1; i <= 5; ++i)
            QVERIFY(ledger->action("a" + std::to_string(i) + ".1").value().digest != digest);
        QCOMPARE(ledger->action("a6.1").value().digest, digest);
    }

    void wholeLife()
    {
        Workspace workspace;
        auto ledger = workspace.open();
        EVENTOPS_OK(propose(*ledger, {suggestion("aa")}));
        Transition t = approval("aa.1");
        t.outbox = OutboxRow{0, "aa.1", "actions.requested", "a", "{}", "waiting", 0, NoTime};
        t.input = InputRow{0, "decision", 0, R"({"id":"aa.1"})"};
        EVENTOPS_OK(ledger->transition(t));
        QCOMPARE(ledger->action("aa.1").value().approver, std::string("user:ann"));
        QCOMPARE(ledger->action("aa.1").value().decisionReason, std::string("looks right"));
        auto outbox = ledger->outbox("waiting").value();
        QCOMPARE(outbox.size(), std::size_t{1});
        QCOMPARE(ledger->waitingInput().value().size(), std::size_t{1});
        outbox[0].state = "published";
        outbox[0].attempt = 2;
        EVENTOPS_OK(ledger->updateOutbox(outbox[0]));
        QVERIFY(ledger->outbox("waiting").value().empty());
        QCOMPARE(ledger->action("aa.1").value().attempts, 2U);
        ActionState from = ActionState::Approved;
        for (const ActionState to :
             {ActionState::Published, ActionState::Acknowledged, ActionState::Started, ActionState::Succeeded}) {
            Transition step;
            step.actionId = "aa.1";
            step.from = from;
            step.to = to;
            step.actor = "executor";
            step.output = to == ActionState::Succeeded ? "done" : "";
            EVENTOPS_OK(ledger->transition(step));
            from = to;
        }
        QCOMPARE(ledger->action("aa.1").value().output, std::string("done"));
        QCOMPARE(ledger->verifyAudit().value(), std::uint64_t{6});
        std::vector<std::string> verbs;
        EVENTOPS_OK(ledger->audit({}, [&](const AuditRow &row) {
            verbs.push_back(row.verb);
            return true;
        }));
        QCOMPARE(verbs, (std::vector<std::string>{"proposed", "approved", "published", "acknowledged", "started",
                                                  "succeeded"}));
    }

    void refusals()
    {
        Workspace workspace;
        auto ledger = workspace.open();
        EVENTOPS_OK(propose(*ledger, {suggestion("aa"), suggestion("late", 50)}, 50));
        const auto refused = [&](const Transition &t) {
            const Status status = ledger->transition(t);
            return status ? std::string("accepted")
                          : std::string(toString(status.error().code)) + ": " + status.error().message;
        };
        Transition illegal = approval("aa.1");
        illegal.to = ActionState::Succeeded;
        QCOMPARE(refused(illegal), std::string("refused: an action cannot go from proposed to succeeded"));
        QCOMPARE(refused(approval("late.1")),
                 std::string("refused: action late.1 is expired, not proposed"));
        Transition own = approval("aa.1");
        own.approver = "policy:restart-on-load";
        QVERIFY(refused(own).find("cannot approve") != std::string::npos);
        own = approval("aa.1");
        own.actor = "policy:restart-on-load";
        QVERIFY(refused(own).starts_with("refused: "));
        QVERIFY(refused(approval("zz.1")).starts_with("not_found: "));
        EVENTOPS_OK(ledger->transition(approval("aa.1")));
        QCOMPARE(refused(approval("aa.1")), std::string("refused: action aa.1 is approved, not proposed"));
        QCOMPARE(ledger->verifyAudit().value(), std::uint64_t{4}); // two proposed, one expired, one approved
        // A newer version makes the one shown stale.
        QCOMPARE(
            tamper(workspace,
                   "INSERT INTO action SELECT NULL, id, 2, seq, emission, finding_id, policy, tenant, entity_type, "
                   "entity_id, correlation_id, command, args, reason, proposed_at, 9999, ttl_seconds, "
                   "approvals_required, 'proposed', digest, idempotency_key, '', '', 0, '', 0 FROM action "
                   "WHERE id = 'late'"),
            SQLITE_OK);
        Transition stale = approval("late.1");
        stale.checkExpiry = false;
        QVERIFY(refused(stale).find("version 2 is the newest") != std::string::npos);
    }

    void twoConnectionsOneWins()
    {
        Workspace workspace;
        auto engine = workspace.open();
        EVENTOPS_OK(propose(*engine, {suggestion("aa")}));
        auto first = workspace.open(LedgerMode::Decide);
        auto second = workspace.open(LedgerMode::Decide);
        Transition reject = approval("aa.1");
        reject.to = ActionState::Rejected;
        EVENTOPS_OK(first->transition(approval("aa.1")));
        const Status lost = second->transition(reject);
        QVERIFY(!lost);
        QCOMPARE(lost.error().code, Error::Code::Refused);
        QVERIFY(engine->action("aa.1").value().state == ActionState::Approved);
        QCOMPARE(engine->verifyAudit().value(), std::uint64_t{2});
        EVENTOPS_OK(propose(*engine, {suggestion("bb")}));
        BatchMaker maker(99);
        maker.record("r");
        CommitGroup group = groupOf(maker.take());
        QCOMPARE(first->commit(group).error().code, Error::Code::Refused);
        auto reader = workspace.open(LedgerMode::Read);
        QCOMPARE(reader->transition(approval("bb.1")).error().code, Error::Code::Refused);
    }

    void expiry()
    {
        Workspace workspace;
        auto ledger = workspace.open();
        EVENTOPS_OK(propose(*ledger, {suggestion("a", 100), suggestion("b", 101), suggestion("never", raw(NoTime))}));
        QCOMPARE(ledger->expireActions(WallNs{99}).value(), std::uint64_t{0});
        QCOMPARE(ledger->expireActions(WallNs{100}).value(), std::uint64_t{1});
        QVERIFY(ledger->action("a.1").value().state == ActionState::Expired);
        QVERIFY(ledger->action("b.1").value().state == ActionState::Proposed);
        QCOMPARE(ledger->expireActions(WallNs{1'000'000}).value(), std::uint64_t{1});
        QVERIFY(ledger->action("never.1").value().state == ActionState::Proposed);
        QCOMPARE(ledger->verifyAudit().value(), std::uint64_t{5});
    }

    void tampering_data()
    {
        QTest::addColumn<QString>("sql");
        QTest::addColumn<QString>("names");
        QTest::newRow("actor") << "UPDATE audit SET actor = 'user:bob' WHERE number = 3"
                               << "row 3";
        QTest::newRow("time") << "UPDATE audit SET at = at + 1 WHERE number = 1"
                              << "row 1";
        QTest::newRow("detail") << "UPDATE audit SET detail = '[]' WHERE number = 2"
                                << "row 2";
        QTest::newRow("hash") << "UPDATE audit SET hash = replace(hash, substr(hash, 1, 1), 'x') WHERE number = 2"
                              << "row 2";
        QTest::newRow("previous") << "UPDATE audit SET previous_hash = '' WHERE number = 3"
                                  << "row 3";
        QTest::newRow("gap") << "DELETE FROM audit WHERE number = 2"
                             << "row 2";
        QTest::newRow("last") << "DELETE FROM audit WHERE number = 3"
                              << "row 3";
        QTest::newRow("all") << "DELETE FROM audit"
                             << "row 1";
        QTest::newRow("state") << "UPDATE action SET state = 'succeeded' WHERE id = 'aa'"
                               << "aa.1";
        QTest::newRow("command") << "UPDATE action SET command = 'rm' WHERE id = 'bb'"
                                 << "bb.1";
        QTest::newRow("digest") << "UPDATE action SET digest = 'x' WHERE id = 'bb'"
                                << "bb.1";
        QTest::newRow("added")
            << "INSERT INTO action SELECT NULL, 'zz', 1, seq, emission, finding_id, policy, tenant, entity_type, "
               "entity_id, correlation_id, command, args, reason, proposed_at, expires_at, ttl_seconds, "
               "approvals_required, state, digest, idempotency_key, approver, '', 0, '', 0 FROM action LIMIT 1"
            << "zz.1";
    }

    void tampering()
    {
        QFETCH(QString, sql);
        QFETCH(QString, names);
        Workspace workspace;
        auto ledger = workspace.open();
        EVENTOPS_OK(propose(*ledger, {suggestion("aa"), suggestion("bb")}));
        EVENTOPS_OK(ledger->transition(approval("aa.1")));
        QCOMPARE(ledger->verifyAudit().value(), std::uint64_t{3});
        QCOMPARE(tamper(workspace, sql.toUtf8().constData()), SQLITE_OK);
        const auto verified = ledger->verifyAudit();
        QVERIFY(!verified);
        QCOMPARE(verified.error().code, Error::Code::Corrupt);
        QVERIFY2(verified.error().message.find(names.toStdString()) != std::string::npos,
                 verified.error().message.c_str());
    }
};

EVENTOPS_TEST(TestActions)
#include "tst_actions.moc"
