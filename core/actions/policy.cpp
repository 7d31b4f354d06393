// SPDX-License-Identifier: MIT
#include "core/actions/policy.h"

#include "core/base/text.h"
#include "core/filter/rows.h"
#include "core/model/event_id.h"
#include "core/model/value.h"

#include <algorithm>
#include <array>
#include <limits>

namespace eventops {
namespace {

constexpr std::int64_t NsPerHour = 3'600 * NsPerSecond;
constexpr std::int64_t TtlNsMax = 30 * 24 * NsPerHour;
constexpr std::int64_t ExecutionTtlNsMax = 24 * NsPerHour;
constexpr std::size_t NameBytesMax = 64;

constexpr std::array<std::string_view, 12> Fields = {
    "name", "description", "when", "command", "args", "target", "reason", "ttl", "execution_ttl", "cooldown",
    "approvals", "autonomy",
};

/// Names of policies and commands: they go into ids, logs and allow-lists.
Result<std::string> readName(const Value &value)
{
    std::string name = EVENTOPS_TRY(value.text());
    const bool good = !name.empty() && name.size() <= NameBytesMax && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
               || std::string_view("_-.").find(c) != std::string_view::npos;
    });
    if (!good)
        return value.error('"' + name.substr(0, NameBytesMax) + "\" is no name",
                           "1 to 64 letters, digits, '_', '-' and '.'");
    return name;
}

Result<std::int64_t> readDuration(const Value &map, std::string_view name, std::int64_t preset, std::int64_t min,
                                  std::int64_t max)
{
    const Value *value = map.find(name);
    if (value == nullptr)
        return preset;
    const std::int64_t ns = EVENTOPS_TRY(value->durationNs());
    if (ns < min || ns > max)
        return value->error(std::string(name) + " must lie between " + std::to_string(min / NsPerSecond) + "s and "
                            + std::to_string(max / NsPerSecond) + 's');
    return ns;
}

/// The template in member @p name, or of @p preset when there is none.
Result<TextTemplate> readTemplate(const Value *map, std::string_view name, std::string_view preset)
{
    const Value *value = map == nullptr ? nullptr : map->find(name);
    auto parsed = TextTemplate::parse(value == nullptr ? std::string(preset) : EVENTOPS_TRY(value->text()),
                                      findingHasField);
    if (!parsed && value != nullptr)
        return value->error(parsed.error().message, parsed.error().remedy);
    return parsed;
}

Result<Filter> readWhen(const Value &value)
{
    auto filter = Filter::parse(EVENTOPS_TRY(value.text()));
    if (!filter)
        return value.error(filter.error().message, filter.error().remedy);
    for (const std::string &name : filter.value().fieldNames()) {
        if (!findingHasField(name))
            return value.error("a finding has no field \"" + name + '"',
                               "policies look at findings: name, severity, entity.type, entity.id, metric, tags.x");
    }
    return filter;
}

Status readTarget(const Value *target, Policy &policy)
{
    if (target != nullptr && !target->isMap())
        return target->error("expected the target as a map", "target: {type: host, id: \"{entity.id}\"}");
    for (const auto &[name, value] : target == nullptr ? std::vector<Value::Member>() : target->members()) {
        if (name != "type" && name != "id")
            return value.error("unknown field \"" + name + "\" of target", "known fields: type, id");
    }
    policy.targetType = EVENTOPS_TRY(readTemplate(target, "type", "{entity.type}"));
    policy.targetId = EVENTOPS_TRY(readTemplate(target, "id", "{entity.id}"));
    return Ok{};
}

Status readAutonomy(const Value &map, Policy &policy)
{
    if (const Value *value = map.find("autonomy")) {
        const std::string text = EVENTOPS_TRY(value->text());
        if (text == "observe")
            policy.autonomy = Autonomy::Observe;
        else if (text != "approve")
            return value->error("autonomy \"" + text + "\" is not supported", "observe or approve: a person decides");
    }
    if (const Value *value = map.find("approvals")) {
        // One approval publishes; to accept a higher number and act on the first would be worse than to refuse it.
        if (EVENTOPS_TRY(value->integer()) != 1)
            return value->error("only one approval is supported", "approvals: 1");
    }
    return Ok{};
}

Result<Policy> readPolicy(const Value &map)
{
    if (!map.isMap())
        return map.error("expected a policy as a map", "name, when, command and args");
    for (const auto &[name, value] : map.members()) {
        if (std::find(Fields.begin(), Fields.end(), name) == Fields.end())
            return value.error("unknown field \"" + name + "\" of a policy",
                               "known fields: name, description, when, command, args, target, reason, ttl, "
                               "execution_ttl, cooldown, approvals, autonomy");
    }
    for (const std::string_view name : {"name", "when", "command"}) {
        if (map.find(name) == nullptr)
            return map.error("the policy lacks \"" + std::string(name) + '"');
    }
    Policy policy;
    policy.name = EVENTOPS_TRY(readName(map.at("name")));
    policy.when = EVENTOPS_TRY(readWhen(map.at("when")));
    policy.command = EVENTOPS_TRY(readName(map.at("command")));
    const Value none = Value::map({}, map.where());
    const Value *args = map.find("args");
    policy.args = EVENTOPS_TRY(JsonTemplate::parse(args == nullptr ? none : *args, findingHasField));
    EVENTOPS_TRY(readTarget(map.find("target"), policy));
    policy.reason = EVENTOPS_TRY(readTemplate(&map, "reason", "{message}"));
    policy.ttlNs = EVENTOPS_TRY(readDuration(map, "ttl", NsPerHour, NsPerSecond, TtlNsMax));
    policy.executionTtlNs = EVENTOPS_TRY(readDuration(map, "execution_ttl", 600 * NsPerSecond, NsPerSecond,
                                                      ExecutionTtlNsMax));
    policy.cooldownNs = EVENTOPS_TRY(readDuration(map, "cooldown", 900 * NsPerSecond, 0, TtlNsMax));
    EVENTOPS_TRY(readAutonomy(map, policy));
    return policy;
}

WallNs later(WallNs at, std::int64_t ns)
{
    constexpr std::int64_t Last = std::numeric_limits<std::int64_t>::max();
    return raw(at) > Last - ns ? WallNs{Last} : at + ns;
}

} // namespace

std::optional<Suggestion> Policy::suggest(const Finding &finding, WallNs at) const
{
    if (finding.state != FindingState::Firing || autonomy == Autonomy::Observe)
        return std::nullopt;
    const FindingRow row(finding);
    if (!when.matches(row))
        return std::nullopt;
    auto type = targetType.render(row);
    auto id = targetId.render(row);
    auto arguments = args.render(row);
    if (!id || id->empty() || !arguments || arguments->size() > ArgsBytesMax)
        return std::nullopt;
    Suggestion out;
    out.id = derivedId({"suggestion", finding.id, name});
    out.seq = finding.seq;
    out.findingId = finding.id;
    out.policy = name;
    out.tenant = finding.tenant;
    out.entityType = type.value_or(""); // not every source says what its things are
    out.entityId = std::move(*id);
    out.command = command;
    out.args = std::move(*arguments);
    out.reason = reason.render(row).value_or(finding.message);
    out.reason = shortened(out.reason, ReasonBytesMax);
    out.proposedAt = at;
    out.expiresAt = later(at, ttlNs);
    out.ttlSeconds = static_cast<double>(executionTtlNs) / static_cast<double>(NsPerSecond);
    out.approvalsRequired = approvals;
    return out;
}

Status readPolicies(const Value &value, std::vector<Policy> &out)
{
    const Value *list = &value;
    if (value.isMap()) {
        for (const auto &[name, member] : value.members()) {
            if (name != "policies" && name != "description")
                return member.error("unknown field \"" + name + "\" of a policy file",
                                    "known fields: description, policies");
        }
        list = value.find("policies");
        if (list == nullptr)
            return value.error("the policy file lacks \"policies\"");
    }
    if (!list->isList())
        return list->error("expected a list of policies");
    for (const Value &item : list->items()) {
        Policy policy = EVENTOPS_TRY(readPolicy(item));
        for (const Policy &other : out) {
            if (other.name == policy.name)
                return item.at("name").error("a policy named \"" + policy.name + "\" exists already");
        }
        if (out.size() == PoliciesMax)
            return item.error("more than " + std::to_string(PoliciesMax) + " policies");
        out.push_back(std::move(policy));
    }
    return Ok{};
}

} // namespace eventops
