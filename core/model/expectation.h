// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/base/types.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

// What the stages of a pipeline expect, as far as people look at it: a bounded view of their state after a commit. It
// is no result: it is not part of the digest, and a later view replaces it whole.

/// A step that may come next in a case.
struct ExpectedNext {
    static constexpr std::string_view EndName = "the end";
    std::string step;         ///< EndName when isEnd; empty: forgotten.
    double probability = 0.0;
    bool isEnd = false;       ///< The case may be over.
    bool operator==(const ExpectedNext &) const = default;
};

/// What is expected of one case in flight, and when. since ≤ eta ≤ late ≤ overdue ≤ missing.
struct CaseExpectation {
    static constexpr std::size_t NextMax = 3;
    static constexpr double LateShare = 0.9; ///< Of cases that went on by `late`.
    std::string tenant, entityType, entityId;
    std::string lastStep;           ///< Empty: forgotten.
    WallNs since = NoTime;          ///< Event time of the last step.
    std::vector<ExpectedNext> next; ///< Most probable first, at most NextMax; ties by name.
    WallNs eta = NoTime;            ///< Half of the cases went on by then, …
    WallNs late = NoTime;           ///< … nine of ten, …
    WallNs overdue = NoTime;        ///< … 99 of 100.
    WallNs missing = NoTime;        ///< When the silence becomes a finding; NoTime: too little is known for that.
    std::uint64_t samples = 0;      ///< Times known after the last step.
    bool isAbsent = false;          ///< A finding told that the next step is missing.
    bool operator==(const CaseExpectation &) const = default;
};

/// How a case stands at a moment of the workspace clock.
enum class CaseStanding : std::uint8_t { OnTime, Late, Overdue, Missing };
/// A pure function of both: nothing has to happen for a case to become late. O(1).
CaseStanding standingAt(const CaseExpectation &expectation, WallNs clock);
std::string_view toString(CaseStanding standing); ///< "on time", "late", "overdue", "missing".

/// A node of a step machine.
struct MachineStep {
    enum class Kind : std::uint8_t { Step, Start, End };
    std::string name;          ///< Of a step; empty: forgotten.
    Kind kind = Kind::Step;
    std::uint64_t count = 0;   ///< How often it was taken. Start, End: 0.
    bool operator==(const MachineStep &) const = default;
};

/// What came after what, and how long it took.
struct MachineEdge {
    std::uint32_t from = 0, to = 0; ///< Places in StepMachine::steps.
    std::uint64_t count = 0;        ///< Recent cases that went this way; the past fades.
    double probability = 0.0;       ///< Of all that came after `from`.
    std::int64_t medianNs = -1;     ///< −1: unknown.
    std::int64_t q90Ns = -1;
    bool operator==(const MachineEdge &) const = default;
};

/// What was learned of the cases of one entity type: its steps and the ways between them, the usual ones first.
struct StepMachine {
    static constexpr std::size_t StepsMax = 64;
    static constexpr std::size_t EdgesMax = 256;
    std::string tenant, entityType;
    std::vector<MachineStep> steps;
    std::vector<MachineEdge> edges;
    bool isCut = false;             ///< There are more steps or ways than these bounds.
    bool operator==(const StepMachine &) const = default;
};

/// By what findings are told: the budget, and what was judged under it. See core/entropy/finding_budget.h.
struct JudgementView {
    struct Kind {
        std::string name;           ///< "values", "steps", "waits", "extra steps", "ends".
        std::uint64_t judged = 0;
        std::uint64_t learning = 0; ///< Seen and not judged: too little was known.
        std::uint64_t heldBack = 0; ///< Alarms of fewer bits than the budget asks for.
        double perDay = 0.0;        ///< Judged a day of event time; 0: not known yet.
        double bits = 0.0;          ///< What a finding takes.
        bool operator==(const Kind &) const = default;
    };
    /// An alarm that was no finding, because the budget asks for more.
    struct HeldBack {
        std::string kind;           ///< As Kind::name.
        WallNs ts = NoTime;
        std::string tenant, entityType, entityId;
        std::string what;           ///< The metric, or the last step.
        double bits = 0.0;
        double takes = 0.0;         ///< Bits that would have made it a finding.
        bool operator==(const HeldBack &) const = default;
    };
    static constexpr std::size_t KindsMax = 16;
    static constexpr std::size_t HeldBackMax = 64;
    double falsePerDay = 0.0;       ///< 0: no stage has a budget.
    std::uint64_t verdicts = 0;     ///< What people dismissed or confirmed and the stage still knows.
    std::vector<Kind> kinds;
    std::vector<HeldBack> heldBack; ///< The most surprising of the last day, the most surprising first.
    bool operator==(const JudgementView &) const = default;
};

/// All that the stages of a pipeline show.
struct StageView {
    static constexpr std::size_t ExpectationsMax = 256;
    static constexpr std::size_t AbsentMax = 64; ///< Of them those that are missing already, the newest ones.
    static constexpr std::size_t MachinesMax = 32;
    std::vector<CaseExpectation> expectations; ///< Due next first.
    std::vector<StepMachine> machines;     ///< By tenant and entity type.
    JudgementView judgement;
    bool operator==(const StageView &) const = default;
};

// As JSON documents, the form in which a ledger keeps them. Reading gives back exactly what was written.
// Errors of reading: Corrupt. Complexity: O(length).
std::string expectationsToJson(const std::vector<CaseExpectation> &expectations);
Result<std::vector<CaseExpectation>> expectationsFromJson(std::string_view json);
std::string machinesToJson(const std::vector<StepMachine> &machines);
Result<std::vector<StepMachine>> machinesFromJson(std::string_view json);
std::string judgementToJson(const JudgementView &judgement);
Result<JudgementView> judgementFromJson(std::string_view json); ///< An empty array: no stage judges.

} // namespace eventops
