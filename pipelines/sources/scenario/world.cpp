// SPDX-License-Identifier: MIT
#include "pipelines/sources/scenario/world.h"

#include "core/base/json.h"
#include "core/base/time.h"

#include <algorithm>
#include <utility>

namespace eventops::scenario {
namespace {

constexpr double FaultNoise = 0.25;          ///< A metric that is driven by a fault varies less than one that is not.
constexpr std::int64_t AgainAfterNsMax = 10 * NsPerSecond; ///< A record that is sent twice.
constexpr std::int64_t RemedyTakesNs = 5 * NsPerSecond;    ///< Until what was late happens.

double milliseconds(std::int64_t ns)
{
    return static_cast<double>(ns / NsPerMs);
}

std::int64_t scaled(std::int64_t ns, double factor)
{
    return std::max<std::int64_t>(static_cast<std::int64_t>(milliseconds(ns) * factor), 0) * NsPerMs;
}

/// −1 to 1 and back over one period.
double triangle(double phase)
{
    const double at = phase - static_cast<double>(static_cast<std::int64_t>(phase));
    return at < 0.5 ? 4.0 * at - 1.0 : 3.0 - 4.0 * at;
}

std::string filled(const std::string &pattern, std::uint64_t number, const std::string &parent, const std::string &step)
{
    std::string out = pattern;
    const auto replace = [&out](std::string_view name, const std::string &by) {
        if (const std::size_t at = out.find(name); at != std::string::npos)
            out.replace(at, name.size(), by);
    };
    replace("{n}", std::to_string(number));
    replace("{step}", step);
    replace("{parent}", parent); // last: what it holds is not looked at again
    return out;
}

/// Appends members that are written already.
void addMembers(std::string &object, const std::string &members)
{
    if (members.empty())
        return;
    if (object.back() != '{')
        object += ',';
    object += members;
}

std::string member(std::string_view name, std::string_view text)
{
    std::string out;
    appendJsonString(out, name);
    out += ':';
    appendJsonString(out, text);
    return out;
}

/// One decimal, as an agent's rounding gives it.
double rounded(double value)
{
    const double tenths = value * 10.0 + (value < 0.0 ? -0.5 : 0.5);
    return static_cast<double>(static_cast<std::int64_t>(tenths)) / 10.0;
}

} // namespace

World::World(const Scenario &scenario) : m_scenario(scenario)
{
    for (const Service &service : scenario.services) {
        for (const std::string &name : service.hosts) {
            Host host{&service, name, Random(scenario.seed, "host " + name), 0.0};
            host.phase = host.random.unit();
            const std::int64_t first = scaled(service.everyNs, host.random.unit());
            m_hosts.push_back(std::move(host));
            add(first, TaskKind::Tick, m_hosts.size() - 1);
        }
    }
    for (std::size_t i = 0; i < scenario.lives.size(); ++i) {
        const Life &life = scenario.lives[i];
        m_births.emplace_back(scenario.seed, "life " + life.type);
        m_counts.push_back(life.first);
        if (life.everyNs > 0)
            add(scaled(life.everyNs, m_births.back().unit()), TaskKind::Birth, i);
    }
    for (std::size_t i = 0; i < scenario.faults.size(); ++i) {
        m_endNs.push_back(scenario.faults[i].endNs);
        if (scenario.faults[i].kind != Fault::Kind::Metric)
            add(scenario.faults[i].beginsNs, TaskKind::Born, i);
    }
    for (std::size_t i = 0; i < scenario.happenings.size(); ++i)
        add(scenario.happenings[i].atNs, TaskKind::Happening, i);
    for (std::size_t i = 0; i < scenario.lines.size(); ++i)
        add(scenario.lines[i].atNs, TaskKind::Line, i);
}

void World::add(std::int64_t atNs, TaskKind kind, std::uint64_t index)
{
    push({atNs, 0, kind, index, 0, {}});
}

void World::push(Task task)
{
    if (task.atNs >= m_scenario.durationNs)
        return; // after the end of the world
    task.order = ++m_order;
    m_tasks.push(std::move(task));
}

bool World::step(std::int64_t untilNs, std::string &out)
{
    if (m_tasks.empty() || m_tasks.top().atNs > untilNs)
        return false;
    const Task task = m_tasks.top();
    m_tasks.pop();
    run(task, out);
    return true;
}

void World::run(const Task &task, std::string &out)
{
    switch (task.kind) {
    case TaskKind::Tick: tick(task.index, task.atNs, out); return;
    case TaskKind::Birth: birth(task.index, task.atNs); return;
    case TaskKind::Born: {
        const Fault &fault = m_scenario.faults[task.index];
        start({fault.life, fault.bornId, {}, {}, {}, task.index}, task.atNs);
        return;
    }
    case TaskKind::Step:
        if (const auto thing = m_things.find(task.index);
            thing != m_things.end() && thing->second.version == task.version)
            live(task.index, task.atNs, out);
        return;
    case TaskKind::Deliver:
        --m_underWay;
        out += task.text + '\n';
        return;
    case TaskKind::Line: out += m_scenario.lines[task.index].text + '\n'; return;
    case TaskKind::Happening: happen(m_scenario.happenings[task.index], out); return;
    }
}

std::string World::instant(std::int64_t atNs) const
{
    return formatTimestamp(m_scenario.start + atNs);
}

bool World::acts(const Fault &fault, std::int64_t atNs) const
{
    const auto index = static_cast<std::size_t>(&fault - m_scenario.faults.data());
    return atNs < m_endNs[index];
}

/// Where faults have moved the level to. The last one of the file wins.
bool World::faulted(const Host &host, const MetricModel &metric, std::int64_t atNs, double &level) const
{
    bool any = false;
    for (const Fault &fault : m_scenario.faults) {
        if (fault.kind != Fault::Kind::Metric || fault.host != host.name || atNs < fault.startNs || !acts(fault, atNs))
            continue;
        double value = metric.level;
        bool moved = false;
        for (const Effect &effect : fault.effects) {
            const std::int64_t since = atNs - fault.startNs - effect.atNs;
            if (effect.metric != metric.name || since < 0)
                continue;
            const double part = since >= effect.overNs ? 1.0 : milliseconds(since) / milliseconds(effect.overNs);
            value += (effect.value - value) * part;
            moved = true;
        }
        if (moved)
            level = value;
        any = any || moved;
    }
    return any;
}

double World::measure(Host &host, const MetricModel &metric, std::int64_t atNs) const
{
    // Every sample draws the same numbers, so a fault or its end shifts nobody's luck, not even this host's.
    const double noise = host.random.bell();
    const bool spikes = host.random.chance(metric.spikePercent);
    const double height = 0.5 + host.random.unit();
    double level = metric.level;
    if (faulted(host, metric, atNs, level))
        return std::clamp(level + FaultNoise * metric.spread * noise, metric.min, metric.max);
    if (metric.periodNs > 0)
        level += metric.wave * triangle(host.phase + milliseconds(atNs) / milliseconds(metric.periodNs));
    return std::clamp(level + metric.spread * noise + (spikes ? metric.spike * height : 0.0), metric.min, metric.max);
}

void World::tick(std::uint64_t index, std::int64_t atNs, std::string &out)
{
    Host &host = m_hosts[index];
    const std::string ts = instant(atNs);
    for (const MetricModel &metric : host.service->metrics) {
        std::string record;
        JsonWriter json(record);
        json.beginObject().field("tenant_id", m_scenario.tenant).field("host", host.name).field("metric", metric.name);
        json.key("value").number(rounded(measure(host, metric, atNs)));
        json.field("ts_event", ts).field("unit", metric.unit).key("tags").raw(host.service->tags).endObject();
        send(std::move(record), host.name + ' ' + metric.name + ' ' + ts, false, atNs, out);
    }
    add(atNs + host.service->everyNs, TaskKind::Tick, index);
}

void World::birth(std::size_t index, std::int64_t atNs)
{
    const Life &life = m_scenario.lives[index];
    start({index, filled(life.id, m_counts[index]++, {}, {}), {}, {}, {}, Thing::NoFault}, atNs);
    const std::int64_t wait = scaled(life.everyNs, m_births[index].wait());
    add(atNs + std::max(wait, TickNsMin), TaskKind::Birth, index);
}

void World::start(Start given, std::int64_t atNs)
{
    if (atNs != m_bornNs)
        m_bornNow = 0;
    m_bornNs = atNs;
    if (m_things.size() >= AliveMax || ++m_bornNow > BornAtOnceMax)
        return;
    const Life &life = m_scenario.lives[given.life];
    Thing thing{given.life, 0, given.fault, 0, 0, given.id, std::move(given.correlation), std::move(given.cause),
                std::move(given.above), Random(m_scenario.seed, life.type + ':' + given.id)};
    if (thing.correlation.empty())
        thing.correlation = life.type + ':' + thing.id;
    const std::uint64_t id = ++m_thingLast;
    scheduleStep(id, m_things.emplace(id, std::move(thing)).first->second, atNs);
}

void World::scheduleStep(std::uint64_t id, Thing &thing, std::int64_t atNs)
{
    const LifeStep &step = m_scenario.lives[thing.life].steps[thing.next];
    std::int64_t wait = scaled(step.afterNs, thing.random.wait());
    if (thing.fault != Thing::NoFault) {
        const Fault &fault = m_scenario.faults[thing.fault];
        if (fault.kind == Fault::Kind::LateStep && fault.step == step.name && acts(fault, atNs))
            wait = fault.delayNs;
    }
    push({atNs + wait, 0, TaskKind::Step, id, thing.version, {}});
}

bool World::attemptFails(Thing &thing, const LifeStep &step, std::int64_t atNs)
{
    const bool unlucky = !step.retryName.empty() && thing.random.chance(step.retryPercent);
    if (thing.fault != Thing::NoFault) {
        const Fault &fault = m_scenario.faults[thing.fault];
        if (fault.kind == Fault::Kind::Retries && fault.step == step.name)
            return acts(fault, atNs) && thing.failed < fault.attempts;
    }
    return unlucky;
}

void World::live(std::uint64_t id, std::int64_t atNs, std::string &out)
{
    Thing &thing = m_things.at(id);
    const Life &life = m_scenario.lives[thing.life];
    const LifeStep &step = life.steps[thing.next];
    const Fault *fault = thing.fault != Thing::NoFault ? &m_scenario.faults[thing.fault] : nullptr;
    const bool lost = fault != nullptr && fault->kind == Fault::Kind::LostStep && fault->step == step.name
                      && acts(*fault, atNs);
    if (!lost && attemptFails(thing, step, atNs)) {
        ++thing.failed;
        emitStep(thing, step.retryName, atNs, out);
        const std::int64_t wait = scaled(step.retryAfterNs, thing.random.wait());
        push({atNs + std::max(wait, TickNsMin), 0, TaskKind::Step, id, thing.version, {}});
        return;
    }
    if (!lost)
        startChildren(thing, step, emitStep(thing, step.name, atNs, out), atNs);
    thing.failed = 0;
    if (++thing.next == life.steps.size())
        m_things.erase(id);
    else
        scheduleStep(id, thing, atNs);
}

/// Returns the event's key.
std::string World::emitStep(const Thing &thing, const std::string &name, std::int64_t atNs, std::string &out)
{
    const Life &life = m_scenario.lives[thing.life];
    std::string key = life.type + ':' + thing.id + '/' + name;
    if (thing.failed > 0)
        key += '#' + std::to_string(thing.failed);
    std::string record, tags = "{" + member("tenant", m_scenario.tenant), attrs = "{";
    addMembers(tags, life.tags);
    addMembers(attrs, thing.above);
    JsonWriter json(record);
    json.beginObject().field("ts", instant(atNs)).field("event_type", life.type + '.' + name);
    json.field("entity_id", life.type + ':' + thing.id).field("correlation_id", thing.correlation);
    if (thing.next == 0 && !thing.cause.empty())
        json.field("causation_id", thing.cause);
    json.key("tags").raw(tags + '}').key("attrs").raw(attrs + '}').field("idempotency_key", key);
    json.key("source").beginObject().field("system", m_scenario.name).field("id", life.system).endObject().endObject();
    send(std::move(record), key, true, atNs, out);
    return key;
}

void World::startChildren(const Thing &thing, const LifeStep &step, const std::string &key, std::int64_t atNs)
{
    const Thing parent = thing; // starting changes the map that it stands in
    for (std::size_t i = parent.life + 1; i < m_scenario.lives.size(); ++i) {
        const Life &life = m_scenario.lives[i];
        if (life.parent != parent.life
            || std::find(life.startedBy.begin(), life.startedBy.end(), step.name) == life.startedBy.end())
            continue;
        Start child{i, filled(life.id, m_counts[i]++, parent.id, step.name), parent.correlation, key, {},
                    Thing::NoFault};
        if (life.partOf) {
            const std::string &type = m_scenario.lives[parent.life].type;
            child.above = member(type + "_id", type + ':' + parent.id);
            if (!parent.above.empty())
                child.above += ',' + parent.above;
        }
        start(std::move(child), atNs);
    }
}

void World::happen(const Happening &happening, std::string &out)
{
    std::string record, tags = "{", attrs = "{" + happening.attrs + '}';
    JsonWriter json(record);
    json.beginObject();
    if (!happening.host.empty()) {
        json.field("event_id", happening.key).field("ts_event", instant(happening.atNs));
        json.field("tenant_id", m_scenario.tenant);
        json.key("source").beginObject().field("type", "host").field("source_id", happening.host).endObject();
        json.field("schema_name", happening.type).key("schema_version").integer(1);
        if (!happening.correlation.empty())
            json.field("correlation_id", happening.correlation);
        json.key("attributes").raw(attrs).key("tags").raw(tags + happening.tags + '}').endObject();
    } else {
        tags += member("tenant", m_scenario.tenant);
        addMembers(tags, happening.tags);
        json.field("ts", instant(happening.atNs)).field("event_type", happening.type);
        json.field("entity_id", happening.entity);
        json.field("correlation_id", happening.correlation.empty() ? happening.entity : happening.correlation);
        if (!happening.cause.empty())
            json.field("causation_id", happening.cause);
        json.key("tags").raw(tags + '}').key("attrs").raw(attrs).field("idempotency_key", happening.key);
        json.key("source").beginObject().field("system", m_scenario.name).endObject().endObject();
    }
    out += record + '\n';
}

void World::send(std::string record, std::string_view name, bool keyed, std::int64_t atNs, std::string &out)
{
    Random luck(m_scenario.seed, name);
    // A queue keeps the order of one key; an agent that could not send sends later.
    const bool late = !keyed && luck.chance(m_scenario.latePercent);
    const std::int64_t delay = scaled(m_scenario.lateByNs, luck.unit());
    const bool again = keyed && luck.chance(m_scenario.againPercent);
    const std::int64_t pause = scaled(AgainAfterNsMax, luck.unit());
    const std::int64_t arrivesNs = late ? atNs + delay : atNs;
    const auto deliver = [&](std::int64_t arrivalNs, std::string text) {
        if (arrivalNs >= m_scenario.durationNs || m_underWay == UnderWayMax)
            return false;
        ++m_underWay;
        push({arrivalNs, 0, TaskKind::Deliver, 0, 0, std::move(text)});
        return true;
    };
    if (again)
        deliver(arrivesNs + pause, record);
    if (!late || delay == 0)
        out += record + '\n';
    else if (!deliver(arrivesNs, record) && m_underWay == UnderWayMax)
        out += record + '\n'; // too many are under way: this one is on time
}

void World::apply(const Remedy &remedy, std::int64_t atNs)
{
    for (std::size_t i = 0; i < m_scenario.faults.size(); ++i) {
        const Fault &fault = m_scenario.faults[i];
        if (fault.truth.remedy.empty() || fault.truth.remedy != remedy.command
            || fault.truth.entityId != remedy.entityId || atNs < fault.startNs || atNs >= m_endNs[i])
            continue;
        m_endNs[i] = atNs;
        if (fault.kind != Fault::Kind::LateStep)
            continue;
        for (auto &[id, thing] : m_things) {
            const LifeStep &next = m_scenario.lives[thing.life].steps[thing.next];
            if (thing.fault != i || next.name != fault.step)
                continue;
            ++thing.version; // what was to come late is void
            push({atNs + RemedyTakesNs, 0, TaskKind::Step, id, thing.version, {}});
        }
    }
}

} // namespace eventops::scenario
