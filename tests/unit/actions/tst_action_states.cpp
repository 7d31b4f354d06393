// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/actions/retry.h"
#include "core/model/action.h"

#include <set>

using namespace eventops;

namespace {

/// What the documentation says, written out once more: state, then what may follow.
struct Documented {
    ActionState from;
    std::set<ActionState> next;
};

using enum ActionState;

const Documented Table[] = {
    {Proposed, {Rejected, Expired, Approved}},
    {Rejected, {}},
    {Expired, {}},
    {Approved, {Published, Cancelled}},
    {Published, {Acknowledged, Cancelled, TimedOut}},
    {Acknowledged, {Started, Failed, Cancelled, TimedOut}},
    {Started, {Succeeded, Failed, Cancelled, TimedOut}},
    {Succeeded, {}},
    {Failed, {}},
    {Cancelled, {}},
    {TimedOut, {}},
};

/// Numbers that look random and are the same on every machine (Knuth's MMIX generator).
class Numbers
{
public:
    explicit Numbers(std::uint64_t seed) : m_state(seed) {}
    unsigned below(unsigned bound)
    {
        m_state = m_state * 6364136223846793005ULL + 1442695040888963407ULL;
        return static_cast<unsigned>(m_state >> 33) % bound;
    }

private:
    std::uint64_t m_state;
};

constexpr int ProposerId = 0;

/// The ledger's promises in miniature: every change is one conditional step (state, version, expiry, who) that also
/// writes audit and outbox. Each guard can be taken away, to show that the property it protects then breaks.
struct Guards {
    bool version = true;
    bool expiry = true;
    bool proposer = true;
    bool state = true;
    bool dedupe = true;
};

struct World {
    Guards guards;
    ActionState state = Proposed;
    unsigned version = 1;
    bool late = false; ///< The workspace clock has passed the expiry.
    // What really happened, seen from outside.
    unsigned approvedVersion = 0;
    int approver = -1;
    bool approvedLate = false;
    bool audited = false;
    bool outbox = false;
    bool taken = false; ///< The executor has the idempotency key.
    unsigned executions = 0;
    unsigned executedVersion = 0;
    unsigned illegalSteps = 0;
    unsigned sent = 0;
    unsigned sentVersion = 0;

    bool move(ActionState from, ActionState to)
    {
        if (guards.state && (state != from || !mayFollow(from, to)))
            return false;
        illegalSteps += mayFollow(state, to) ? 0 : 1;
        state = to;
        return true;
    }

    void approve(int user, unsigned shown)
    {
        if ((guards.version && shown != version) || (guards.expiry && late) || (guards.proposer && user == ProposerId))
            return;
        if (!move(Proposed, Approved))
            return;
        approvedVersion = shown;
        approver = user;
        approvedLate = late;
        audited = true;
        outbox = true;
    }
    void reject(int user, unsigned shown)
    {
        if ((guards.version && shown != version) || (guards.proposer && user == ProposerId))
            return;
        move(Proposed, Rejected);
    }
    void edit()
    {
        if (state == Proposed)
            ++version;
    }
    /// Time passes first; the sweep that expires what is late comes some steps after.
    void sweep()
    {
        if (late)
            move(Proposed, Expired);
    }
    /// Produces the request; @p crash: dies before it can note that it did.
    void publish(bool crash)
    {
        if (!outbox)
            return;
        ++sent;
        sentVersion = version;
        if (state == Approved)
            move(Approved, Published);
        if (!crash)
            outbox = false;
    }
    void execute()
    {
        if (sent == 0)
            return;
        --sent;
        if (guards.dedupe && taken)
            return;
        taken = true;
        ++executions;
        executedVersion = sentVersion;
        if (state == Published)
            move(Published, Acknowledged);
        if (state == Acknowledged)
            move(Acknowledged, Started);
    }
    void report(bool good)
    {
        if (state == Started)
            move(Started, good ? Succeeded : Failed);
    }

    /// Null, or the property that does not hold.
    const char *broken() const
    {
        if (executions > 1)
            return "executed more than once";
        if (illegalSteps > 0)
            return "a step outside of the table";
        if (executions == 0)
            return nullptr;
        if (approver < 0 || !audited)
            return "executed without an audited approval";
        if (approver == ProposerId)
            return "approved by the proposer";
        if (approvedVersion != executedVersion || approvedVersion != version)
            return "a version executed that was not shown";
        if (approvedLate)
            return "approved after expiry";
        return nullptr;
    }
};

/// One run of @p steps random steps of two consoles, an editor, a clock, a publisher that crashes, and an executor.
const char *run(const Guards &guards, std::uint64_t seed, unsigned steps, unsigned &executions)
{
    World world;
    world.guards = guards;
    Numbers random(seed);
    unsigned shown[2] = {1, 1};
    for (unsigned i = 0; i < steps; ++i) {
        const auto who = static_cast<int>(random.below(2));
        switch (random.below(10)) {
        case 0:
        case 1: shown[who] = world.version; break; // a console draws what its person reads
        case 2:
        case 3: world.approve(who, shown[who]); break;
        case 4:
            if (random.below(4) == 0)
                world.reject(who, shown[who]);
            break;
        case 5: world.edit(); break;
        case 6:
            world.late = world.late || random.below(8) == 0;
            if (random.below(2) == 0)
                world.sweep();
            break;
        case 7: world.publish(random.below(2) == 0); break;
        case 8: world.execute(); break;
        default: world.report(random.below(2) == 0);
        }
        if (const char *property = world.broken())
            return property;
    }
    executions += world.executions;
    return nullptr;
}

std::set<std::string> broken(const Guards &guards)
{
    std::set<std::string> out;
    unsigned executions = 0;
    for (std::uint64_t seed = 1; seed <= 3'000; ++seed) {
        if (const char *property = run(guards, seed, 40, executions))
            out.insert(property);
    }
    return out;
}

} // namespace

class TestActionStates : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void tableIsTheDocumentedOne()
    {
        QCOMPARE(std::size(Table), ActionStateCount);
        for (std::size_t f = 0; f < ActionStateCount; ++f) {
            const auto from = static_cast<ActionState>(f);
            const auto *row = std::find_if(std::begin(Table), std::end(Table),
                                           [&](const auto &documented) { return documented.from == from; });
            QVERIFY(row != std::end(Table));
            for (std::size_t t = 0; t < ActionStateCount; ++t) {
                const auto to = static_cast<ActionState>(t);
                QCOMPARE(mayFollow(from, to), row->next.count(to) == 1);
            }
            QCOMPARE(isFinal(from), row->next.empty());
            QVERIFY(actionStateByName(toString(from)) == from);
        }
        QVERIFY(!actionStateByName("unknown"));
    }

    void everyStateIsReachedAndEveryOneEnds()
    {
        std::set<ActionState> reached{Proposed};
        for (std::size_t round = 0; round < ActionStateCount; ++round) {
            const std::set<ActionState> now = reached;
            for (const ActionState state : now)
                reached.insert(nextStates(state).begin(), nextStates(state).end());
        }
        QCOMPARE(reached.size(), ActionStateCount);
        // No cycle: states only go forward in the order of the enumeration, so every life ends.
        for (const Documented &row : Table) {
            for (const ActionState next : row.next)
                QVERIFY(next > row.from);
        }
    }

    void interleavingsKeepTheProperties()
    {
        unsigned executions = 0;
        for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
            const char *property = run({}, seed, 60, executions);
            QVERIFY2(property == nullptr, property);
        }
        QVERIFY2(executions > 1'000, "the runs must get as far as executing");
    }

    /// Each guard is needed: without it the property it is there for breaks, so the model can see it break.
    void eachGuardMatters()
    {
        QVERIFY(broken({.version = false}).count("a version executed that was not shown") == 1);
        QVERIFY(broken({.expiry = false}).count("approved after expiry") == 1);
        QVERIFY(broken({.proposer = false}).count("approved by the proposer") == 1);
        QVERIFY(broken({.state = false}).count("a step outside of the table") == 1);
        QVERIFY(broken({.dedupe = false}).count("executed more than once") == 1);
    }

    void retryPlan()
    {
        const RetryPolicy policy{.attemptsMax = 5, .delayMs = 1'000, .delayMsMax = 5'000};
        ActionOutcome failed;
        failed.retryable = true;
        std::vector<std::int64_t> delays;
        for (std::uint32_t attempt = 1; attempt < policy.attemptsMax; ++attempt) {
            const NextStep next = planAfter(failed, attempt, policy);
            QVERIFY(next.kind == NextStep::Kind::Retry);
            delays.push_back(next.delayMs);
        }
        QCOMPARE(delays, (std::vector<std::int64_t>{1'000, 2'000, 4'000, 5'000}));
        QVERIFY(planAfter(failed, 5, policy).kind == NextStep::Kind::DeadLetter);
        QVERIFY(planAfter(failed, 4'000'000'000U, policy).kind == NextStep::Kind::DeadLetter);
        failed.retryable = false;
        QVERIFY(planAfter(failed, 1, policy).kind == NextStep::Kind::Failed);
        ActionOutcome good;
        good.kind = ActionOutcome::Kind::Succeeded;
        QVERIFY(planAfter(good, 9, policy).kind == NextStep::Kind::Succeeded);
        good.kind = ActionOutcome::Kind::Cancelled;
        QVERIFY(planAfter(good, 1, policy).kind == NextStep::Kind::Cancelled);
    }

    void requestKeepsItsKey()
    {
        Action action;
        action.suggestion.id = "abc";
        action.version = 3;
        action.idempotencyKey = "key";
        action.suggestion.command = "restart";
        action.suggestion.args = R"({"a":1})";
        action.suggestion.ttlSeconds = 5;
        for (const std::uint32_t attempt : {1U, 2U}) {
            const ActionRequest request = requestOf(action, attempt);
            QCOMPARE(request.actionId, std::string("abc.3"));
            QCOMPARE(request.idempotencyKey, std::string("key"));
            QCOMPARE(request.args, std::string(R"({"a":1})"));
            QCOMPARE(request.ttlSeconds, 5.0);
            QCOMPARE(request.attempt, attempt);
        }
    }
};

EVENTOPS_TEST(TestActionStates)
#include "tst_action_states.moc"
