// SPDX-License-Identifier: MIT
#include "core/model/expectation.h"

#include "core/base/json.h"
#include "core/base/json_scan.h"

#include <charconv>
#include <optional>

namespace eventops {
namespace {

Error corrupt()
{
    return Error{Error::Code::Corrupt, "the expectations that are kept cannot be read",
                 {}, "the next record that is read in brings them back"};
}

/// The members of one JSON object that was validated before; what is missing stays as it is.
class ObjectReader
{
public:
    explicit ObjectReader(std::string_view object) : m_object(object) {}
    void text(std::string_view name, std::string &out) const
    {
        if (const auto value = find(name, JsonSlice::Kind::String)) {
            out.clear();
            appendJsonUnescaped(out, value->text);
        }
    }
    template <typename Number>
    void number(std::string_view name, Number &out) const
    {
        if (const auto value = find(name, JsonSlice::Kind::Number))
            std::from_chars(value->text.data(), value->text.data() + value->text.size(), out);
    }
    void time(std::string_view name, WallNs &out) const
    {
        std::int64_t ns = raw(out);
        number(name, ns);
        out = WallNs{ns};
    }
    void flag(std::string_view name, bool &out) const { out = find(name, JsonSlice::Kind::True).has_value(); }
    /// Calls @p item with the reader of each object in the array @p name.
    template <typename Item>
    void each(std::string_view name, std::size_t itemsMax, Item item) const
    {
        if (const auto value = find(name, JsonSlice::Kind::Array))
            eachOf(value->text, itemsMax, item);
    }
    template <typename Item>
    static void eachOf(std::string_view array, std::size_t itemsMax, Item item)
    {
        std::size_t at = 0;
        for (auto member = jsonNext(array, at); member && itemsMax > 0; member = jsonNext(array, at), --itemsMax) {
            if (member->value.kind == JsonSlice::Kind::Object)
                item(ObjectReader(member->value.text));
        }
    }

private:
    std::optional<JsonSlice> find(std::string_view name, JsonSlice::Kind kind) const
    {
        const auto value = jsonFind(m_object, name);
        return value && value->kind == kind ? value : std::nullopt;
    }
    std::string_view m_object;
};

void writeTime(JsonWriter &json, std::string_view name, WallNs time)
{
    if (time != NoTime)
        json.key(name).integer(raw(time));
}

void writeExpectation(JsonWriter &json, const CaseExpectation &expectation)
{
    json.beginObject().field("tenant", expectation.tenant).field("entity_type", expectation.entityType);
    json.field("entity_id", expectation.entityId).field("last_step", expectation.lastStep);
    writeTime(json, "since", expectation.since);
    json.key("next").beginArray();
    for (const ExpectedNext &next : expectation.next) {
        json.beginObject().field("step", next.step).key("probability").number(next.probability);
        if (next.isEnd)
            json.key("end").boolean(true);
        json.endObject();
    }
    json.endArray();
    writeTime(json, "eta", expectation.eta);
    writeTime(json, "late", expectation.late);
    writeTime(json, "overdue", expectation.overdue);
    writeTime(json, "missing", expectation.missing);
    json.key("samples").unsignedInteger(expectation.samples);
    if (expectation.isAbsent)
        json.key("absent").boolean(true);
    json.endObject();
}

CaseExpectation readExpectation(const ObjectReader &in)
{
    CaseExpectation out;
    in.text("tenant", out.tenant);
    in.text("entity_type", out.entityType);
    in.text("entity_id", out.entityId);
    in.text("last_step", out.lastStep);
    in.time("since", out.since);
    in.each("next", CaseExpectation::NextMax, [&](const ObjectReader &item) {
        ExpectedNext &next = out.next.emplace_back();
        item.text("step", next.step);
        item.number("probability", next.probability);
        item.flag("end", next.isEnd);
    });
    in.time("eta", out.eta);
    in.time("late", out.late);
    in.time("overdue", out.overdue);
    in.time("missing", out.missing);
    in.number("samples", out.samples);
    in.flag("absent", out.isAbsent);
    return out;
}

void writeMachine(JsonWriter &json, const StepMachine &machine)
{
    json.beginObject().field("tenant", machine.tenant).field("entity_type", machine.entityType);
    json.key("steps").beginArray();
    for (const MachineStep &step : machine.steps) {
        json.beginObject().field("name", step.name).key("kind").integer(static_cast<int>(step.kind));
        json.key("count").unsignedInteger(step.count).endObject();
    }
    json.endArray().key("edges").beginArray();
    for (const MachineEdge &edge : machine.edges) {
        json.beginObject().key("from").unsignedInteger(edge.from).key("to").unsignedInteger(edge.to);
        json.key("count").unsignedInteger(edge.count).key("probability").number(edge.probability);
        json.key("median_ns").integer(edge.medianNs).key("q90_ns").integer(edge.q90Ns).endObject();
    }
    json.endArray();
    if (machine.isCut)
        json.key("cut").boolean(true);
    json.endObject();
}

StepMachine readMachine(const ObjectReader &in)
{
    StepMachine out;
    in.text("tenant", out.tenant);
    in.text("entity_type", out.entityType);
    in.each("steps", StepMachine::StepsMax, [&](const ObjectReader &item) {
        MachineStep &step = out.steps.emplace_back();
        int kind = 0;
        item.text("name", step.name);
        item.number("kind", kind);
        step.kind = kind == static_cast<int>(MachineStep::Kind::Start) ? MachineStep::Kind::Start
            : kind == static_cast<int>(MachineStep::Kind::End) ? MachineStep::Kind::End : MachineStep::Kind::Step;
        item.number("count", step.count);
    });
    in.each("edges", StepMachine::EdgesMax, [&](const ObjectReader &item) {
        MachineEdge edge;
        item.number("from", edge.from);
        item.number("to", edge.to);
        item.number("count", edge.count);
        item.number("probability", edge.probability);
        item.number("median_ns", edge.medianNs);
        item.number("q90_ns", edge.q90Ns);
        if (edge.from < out.steps.size() && edge.to < out.steps.size())
            out.edges.push_back(edge);
    });
    in.flag("cut", out.isCut);
    return out;
}

template <typename Item, typename Write>
std::string toJson(const std::vector<Item> &items, Write write)
{
    std::string out;
    JsonWriter json(out);
    json.beginArray();
    for (const Item &item : items)
        write(json, item);
    json.endArray();
    return out;
}

template <typename Item, typename Read>
Result<std::vector<Item>> fromJson(std::string_view json, std::size_t itemsMax, Read read)
{
    if (!jsonIsValid(json) || json.empty() || json.front() != '[')
        return corrupt();
    std::vector<Item> items;
    ObjectReader::eachOf(json, itemsMax, [&](const ObjectReader &in) { items.push_back(read(in)); });
    return items;
}

} // namespace

CaseStanding standingAt(const CaseExpectation &expectation, WallNs clock)
{
    const auto passed = [clock](WallNs time) { return time != NoTime && clock != NoTime && raw(clock) >= raw(time); };
    if (expectation.isAbsent || passed(expectation.missing))
        return CaseStanding::Missing;
    return passed(expectation.overdue) ? CaseStanding::Overdue
        : passed(expectation.late)     ? CaseStanding::Late
                                       : CaseStanding::OnTime;
}

std::string_view toString(CaseStanding standing)
{
    switch (standing) {
    case CaseStanding::OnTime: return "on time";
    case CaseStanding::Late: return "late";
    case CaseStanding::Overdue: return "overdue";
    case CaseStanding::Missing: return "missing";
    }
    return "on time";
}

std::string expectationsToJson(const std::vector<CaseExpectation> &expectations)
{
    return toJson(expectations, writeExpectation);
}

Result<std::vector<CaseExpectation>> expectationsFromJson(std::string_view json)
{
    return fromJson<CaseExpectation>(json, StageView::ExpectationsMax, readExpectation);
}

std::string machinesToJson(const std::vector<StepMachine> &machines)
{
    return toJson(machines, writeMachine);
}

Result<std::vector<StepMachine>> machinesFromJson(std::string_view json)
{
    return fromJson<StepMachine>(json, StageView::MachinesMax, readMachine);
}

std::string judgementToJson(const JudgementView &judgement)
{
    std::string out;
    JsonWriter json(out);
    json.beginArray().beginObject().key("false_per_day").number(judgement.falsePerDay);
    json.key("verdicts").unsignedInteger(judgement.verdicts).key("kinds").beginArray();
    for (const JudgementView::Kind &kind : judgement.kinds) {
        json.beginObject().field("name", kind.name).key("judged").unsignedInteger(kind.judged);
        json.key("learning").unsignedInteger(kind.learning).key("held_back").unsignedInteger(kind.heldBack);
        json.key("per_day").number(kind.perDay).key("bits").number(kind.bits).endObject();
    }
    json.endArray().key("alarms").beginArray();
    for (const JudgementView::HeldBack &alarm : judgement.heldBack) {
        json.beginObject().field("kind", alarm.kind).field("tenant", alarm.tenant);
        json.field("entity_type", alarm.entityType).field("entity_id", alarm.entityId).field("what", alarm.what);
        writeTime(json, "ts", alarm.ts);
        json.key("bits").number(alarm.bits).key("takes").number(alarm.takes).endObject();
    }
    json.endArray().endObject().endArray();
    return out;
}

Result<JudgementView> judgementFromJson(std::string_view json)
{
    const auto all = fromJson<JudgementView>(json, 1, [](const ObjectReader &in) {
        JudgementView out;
        in.number("false_per_day", out.falsePerDay);
        in.number("verdicts", out.verdicts);
        in.each("kinds", JudgementView::KindsMax, [&](const ObjectReader &item) {
            JudgementView::Kind &kind = out.kinds.emplace_back();
            item.text("name", kind.name);
            item.number("judged", kind.judged);
            item.number("learning", kind.learning);
            item.number("held_back", kind.heldBack);
            item.number("per_day", kind.perDay);
            item.number("bits", kind.bits);
        });
        in.each("alarms", JudgementView::HeldBackMax, [&](const ObjectReader &item) {
            JudgementView::HeldBack &alarm = out.heldBack.emplace_back();
            item.text("kind", alarm.kind);
            item.text("tenant", alarm.tenant);
            item.text("entity_type", alarm.entityType);
            item.text("entity_id", alarm.entityId);
            item.text("what", alarm.what);
            item.time("ts", alarm.ts);
            item.number("bits", alarm.bits);
            item.number("takes", alarm.takes);
        });
        return out;
    });
    if (!all)
        return all.error();
    return all.value().empty() ? JudgementView{} : all.value().front();
}

} // namespace eventops
