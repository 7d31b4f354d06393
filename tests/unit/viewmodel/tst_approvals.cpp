// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/viewmodel/approvals_controller.h"
#include "tests/support/fake_backend.h"
#include "tests/support/local_workspace.h"

#include <QAbstractItemModelTester>

using namespace eventops;
using namespace eventops::test;

namespace {

/// A context over a fake back end, with the queue and its controller.
struct FakeQueue {
    explicit FakeQueue(Role role = Role::Approver, const std::string &user = "alice")
        : backend(new FakeBackend), context(std::unique_ptr<Backend>(backend), {user, role, {}})
    {
        backend->with([](FakeBackend::Answers &answers) {
            answers.findings = {someFinding("f1", Severity::Warning), someFinding("f2")};
            answers.actions = {someAction("a1", "f1"), someAction("a2", "f2")};
        });
        model.emplace(context);
        controller.emplace(context, *model);
        tester.emplace(&*model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    }
    QVariant at(int row, int role) const { return model->data(model->index(row), role); }

    FakeBackend *backend;
    ViewContext context;
    std::optional<ApprovalsModel> model;
    std::optional<ApprovalsController> controller;
    std::optional<QAbstractItemModelTester> tester;
};

} // namespace

class TestApprovals : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void approvesWithTwoKeystrokesInARealWorkspace()
    {
        LocalWorkspace workspace;
        auto backend = workspace.backend();
        QCOMPARE(LocalWorkspace::replay(*backend, "agents.ndjson"), std::string());
        ViewContext context(std::move(backend), {"alice", Role::Approver, {}});
        ApprovalsModel model(context);
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        ApprovalsController controller(context, model);
        QTRY_VERIFY(model.waitingCount() > 0);
        QCOMPARE(controller.currentRow(), 0);
        const int waiting = model.waitingCount();
        const QString id = controller.currentId();
        const QModelIndex first = model.index(0);
        QVERIFY(first.data(ApprovalsModel::FindingTextRole).toString().contains(QStringLiteral("cpu_load")));
        QVERIFY(!first.data(ApprovalsModel::SentRole).toList().isEmpty());
        QCOMPARE(first.data(ApprovalsModel::EvidenceCountRole).toInt(), 1);
        controller.beginApprove();
        QCOMPARE(controller.mode(), ApprovalsController::Approving);
        controller.confirm({});
        QVERIFY(controller.busy());
        QTRY_COMPARE_WITH_TIMEOUT(model.waitingCount(), waiting - 1, 30'000);
        QTRY_VERIFY_WITH_TIMEOUT(!controller.busy(), 30'000);
        QTRY_VERIFY(model.rowAt(controller.currentRow()).state == ActionState::Succeeded);
        QCOMPARE(controller.currentId(), id); // the selection went along
        const QModelIndex now = model.index(controller.currentRow());
        QCOMPARE(now.data(ApprovalsModel::ApproverRole).toString(), QStringLiteral("alice"));
        QCOMPARE(now.data(ApprovalsModel::DecisionReasonRole).toString(), QStringLiteral("evidence reviewed"));
        QVERIFY(now.data(ApprovalsModel::OutputRole).toString().contains(QStringLiteral("simulated")));
        QCOMPARE(now.data(ApprovalsModel::StateRole).toInt(), int(ApprovalsModel::Succeeded));
    }

    void theMostSevereComesFirstWithAllThatCounts()
    {
        FakeQueue queue;
        QTRY_COMPARE(queue.model->count(), 2);
        QCOMPARE(queue.model->state(), ApprovalsModel::Ready);
        QCOMPARE(queue.at(0, ApprovalsModel::DisplayIdRole).toString(), QStringLiteral("a2.1"));
        QCOMPARE(queue.at(0, ApprovalsModel::SeverityRole).toInt(), 21);
        QCOMPARE(queue.at(0, ApprovalsModel::TargetRole).toString(), QStringLiteral("Host host-a"));
        const QVariantList arguments = queue.at(0, ApprovalsModel::ArgumentsRole).toList();
        QCOMPARE(arguments.size(), qsizetype(2));
        // Every digit, though no double can hold them.
        QCOMPARE(arguments.at(1).toMap().value(QStringLiteral("value")).toString(), QStringLiteral("9007199254740993"));
        QCOMPARE(queue.at(0, ApprovalsModel::RemainingRole).toString(), QString()); // no clock yet
    }

    void theCountdownFollowsTheWorkspaceClock()
    {
        FakeQueue queue;
        QTRY_COMPARE(queue.model->count(), 2);
        QSignalSpy changed(&*queue.model, &QAbstractItemModel::dataChanged);
        Change change;
        change.clock = WallNs{(1'761'040'800 + 3'000) * NsPerSecond};
        queue.backend->change(change);
        QTRY_COMPARE(queue.at(0, ApprovalsModel::RemainingRole).toString(), QStringLiteral("10 min"));
        QVERIFY(!changed.isEmpty());
        QVERIFY(!queue.at(0, ApprovalsModel::UrgentRole).toBool());
        change.clock = WallNs{(1'761'040'800 + 3'500) * NsPerSecond};
        queue.backend->change(change);
        QTRY_VERIFY(queue.at(0, ApprovalsModel::UrgentRole).toBool());
    }

    void anArrivalKeepsTheSelection()
    {
        FakeQueue queue;
        QTRY_COMPARE(queue.model->count(), 2);
        queue.controller->selectNext();
        QCOMPARE(queue.controller->currentId(), QStringLiteral("a1.1"));
        QCOMPARE(queue.context.findingId(), QStringLiteral("f1"));
        QCOMPARE(queue.context.eventId(), QStringLiteral("event-1"));
        QCOMPARE(queue.context.entity().id, QStringLiteral("host-a"));
        QSignalSpy reset(&*queue.model, &QAbstractItemModel::modelReset);
        queue.backend->with([](FakeBackend::Answers &answers) {
            answers.findings.push_back(someFinding("f3"));
            answers.actions.push_back(someAction("a3", "f3"));
        });
        queue.backend->change({});
        QTRY_COMPARE(queue.model->count(), 3);
        QCOMPARE(queue.controller->currentId(), QStringLiteral("a1.1"));
        QCOMPARE(reset.size(), qsizetype(0));
    }

    void whatIsGoneCannotBeConfirmed()
    {
        FakeQueue queue;
        QTRY_COMPARE(queue.model->count(), 2);
        queue.controller->beginReject();
        QCOMPARE(queue.controller->mode(), ApprovalsController::Rejecting);
        queue.backend->with([](FakeBackend::Answers &answers) { answers.actions[1].state = ActionState::Expired; });
        queue.backend->change({});
        QTRY_COMPARE(queue.controller->mode(), ApprovalsController::Browsing);
        queue.controller->confirm(QStringLiteral("late"));
        QCOMPARE(queue.backend->with([](auto &answers) { return answers.decisions.size(); }), std::size_t(0));
    }

    void aViewerCannotBegin()
    {
        FakeQueue queue(Role::Viewer);
        QTRY_COMPARE(queue.model->count(), 2);
        QVERIFY(!queue.controller->mayDecide());
        queue.controller->beginApprove();
        QCOMPARE(queue.controller->mode(), ApprovalsController::Browsing);
    }

    void theProposerMayNotApprove()
    {
        FakeQueue queue(Role::Approver, "policy:restart_hot_host");
        QTRY_COMPARE(queue.model->count(), 2);
        queue.controller->beginApprove();
        QCOMPARE(queue.controller->mode(), ApprovalsController::Browsing);
        QVERIFY(!queue.controller->problem().isEmpty());
        queue.controller->beginReject();
        QCOMPARE(queue.controller->mode(), ApprovalsController::Rejecting);
    }

    void aRefusalIsSaidAndNothingIsLost()
    {
        FakeQueue queue;
        QTRY_COMPARE(queue.model->count(), 2);
        QSignalSpy told(&queue.context, &ViewContext::told);
        queue.backend->with([](FakeBackend::Answers &answers) {
            answers.refusal = Error{Error::Code::Refused, "the action has a newer version"};
        });
        queue.controller->beginApprove();
        queue.controller->confirm(QStringLiteral("looks right"));
        QTRY_VERIFY(queue.controller->problem().contains(QStringLiteral("newer version")));
        QVERIFY(!queue.controller->busy());
        QCOMPARE(told.size(), qsizetype(1));
        QVERIFY(told.at(0).at(1).toBool());
        const Decision decision = queue.backend->with([](auto &answers) { return answers.decisions.at(0); });
        QCOMPARE(decision.reason, std::string("looks right"));
        QCOMPARE(decision.actionId, std::string("a2.1"));
    }

    void aRejectionWithItsReason()
    {
        FakeQueue queue;
        QTRY_COMPARE(queue.model->count(), 2);
        queue.controller->beginReject();
        queue.controller->confirm(QString(5'000, QLatin1Char('r')));
        QTRY_COMPARE(queue.model->waitingCount(), 1);
        const Decision decision = queue.backend->with([](auto &answers) { return answers.decisions.at(0); });
        QVERIFY(decision.kind == DecisionKind::Reject);
        QCOMPARE(decision.reason.size(), std::size_t(ApprovalsController::ReasonMax));
        // The other one tells what happened the last times.
        QCOMPARE(queue.at(0, ApprovalsModel::PastRole).toString(), QStringLiteral("1 rejected"));
    }

    void selectingAFindingElsewhereSelectsItsAction()
    {
        FakeQueue queue;
        QTRY_COMPARE(queue.model->count(), 2);
        queue.context.selectFinding(QStringLiteral("f1"));
        QCOMPARE(queue.controller->currentId(), QStringLiteral("a1.1"));
    }

    void errorsAndEmptinessAreStates()
    {
        FakeQueue queue;
        QTRY_COMPARE(queue.model->state(), ApprovalsModel::Ready);
        queue.backend->with([](FakeBackend::Answers &answers) {
            answers.failure = Error{Error::Code::Io, "the ledger cannot be read", {}, "look at the disk"};
        });
        queue.backend->change({});
        QTRY_COMPARE(queue.model->state(), ApprovalsModel::Failed);
        QCOMPARE(queue.model->remedy(), QStringLiteral("look at the disk"));
        QCOMPARE(queue.model->count(), 2); // what was known stays
        queue.backend->with([](FakeBackend::Answers &answers) {
            answers.failure.reset();
            answers.actions.clear();
        });
        Change change;
        change.running = true;
        queue.backend->change(change);
        QTRY_COMPARE(queue.model->state(), ApprovalsModel::Learning);
        QCOMPARE(queue.controller->currentRow(), -1);
        change.running = false;
        queue.backend->change(change);
        QTRY_COMPARE(queue.model->state(), ApprovalsModel::Empty);
    }

    void hostileIdsAndArgumentsDoNoHarm()
    {
        FakeQueue queue;
        queue.backend->with([](FakeBackend::Answers &answers) {
            Action action = someAction("a9", "f\" or not exists(x) and \"");
            action.suggestion.command = "<b>rm</b>\xE2\x80\xAE";
            action.suggestion.args = std::string(1'000'000, '{');
            answers.actions.push_back(action);
        });
        queue.backend->change({});
        QTRY_COMPARE(queue.model->count(), 3);
        const int row = queue.model->rowCount() - 1;
        QCOMPARE(queue.at(row, ApprovalsModel::CommandRole).toString(), QStringLiteral("<b>rm</b>\uFFFD"));
        QCOMPARE(queue.at(row, ApprovalsModel::ArgumentsRole).toList().size(), qsizetype(1));
        QCOMPARE(queue.model->state(), ApprovalsModel::Ready);
    }
};

EVENTOPS_TEST(TestApprovals)
#include "tst_approvals.moc"
