// SPDX-License-Identifier: MIT
#include "core/config/spec_diff.h"

#include "core/base/text.h"
#include "core/config/retention_section.h"
#include "core/pipeline/settings.h"

#include <algorithm>
#include <set>

namespace eventops {
namespace {

std::string jsonOf(const Value &value)
{
    std::string out;
    value.appendJson(out);
    return out;
}

std::string shown(const Value &value)
{
    return shortened(jsonOf(value), ShownBytesMax);
}

/// What an item of a list is called; empty: nothing.
std::string nameOf(const Value &item)
{
    if (item.isScalar())
        return item.text().value();
    for (const char *field : {"name", "id", "metric"}) {
        const Value *name = item.isMap() ? item.find(field) : nullptr;
        if (name != nullptr && name->isScalar())
            return name->text().value();
    }
    return {};
}

struct Item {
    std::string key;
    bool named = false; ///< The key is a name, not a place.
    const Value *value = nullptr;
};

std::vector<Item> itemsOf(const Value &list)
{
    std::vector<Item> out;
    std::set<std::string> keys;
    bool named = true;
    for (const Value &item : list.items()) {
        out.push_back({nameOf(item), true, &item});
        named = named && !out.back().key.empty() && keys.insert(out.back().key).second;
    }
    for (std::size_t i = 0; i < out.size() && !named; ++i)
        out[i] = {'[' + std::to_string(i) + ']', false, out[i].value};
    return out;
}

const Item *findItem(const std::vector<Item> &items, const std::string &key)
{
    const auto at = std::find_if(items.begin(), items.end(), [&](const Item &item) { return item.key == key; });
    return at == items.end() ? nullptr : &*at;
}

/// Goes through two pipelines side by side; at each difference either notes it or takes the side that it is told.
class SideBySide
{
public:
    SideBySide(std::vector<SettingChange> *out, const std::vector<bool> *taken) : m_out(out), m_taken(taken) {}

    template <typename Spec>
    std::vector<Configured<Spec>> components(const std::vector<Configured<Spec>> &before,
                                             const std::vector<Configured<Spec>> &after, const char *field)
    {
        const auto keys = [](const std::vector<Configured<Spec>> &list) {
            std::vector<std::string> out;
            for (const Configured<Spec> &c : list) {
                const auto same = std::count_if(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(out.size()),
                                                [&](const Configured<Spec> &other) { return other.spec == c.spec; });
                out.push_back(std::string(c.spec->name) + (same == 0 ? "" : '#' + std::to_string(same + 1)));
            }
            return out;
        };
        const std::vector<std::string> beforeKeys = keys(before), afterKeys = keys(after);
        std::vector<Configured<Spec>> out;
        for (std::size_t i = 0; i < after.size(); ++i) {
            m_part = partOf(after[i].spec);
            const Scope scope(*this, std::string(field) + '.' + afterKeys[i], afterKeys[i]);
            const auto old = std::find(beforeKeys.begin(), beforeKeys.end(), afterKeys[i]);
            if (old == beforeKeys.end()) {
                if (take(SettingChange::Kind::Added, nullptr, &after[i].settings, after[i].settings.keyWhere()))
                    out.push_back(after[i]);
                continue;
            }
            const Configured<Spec> &was = before[static_cast<std::size_t>(old - beforeKeys.begin())];
            out.push_back({after[i].spec, fields(was.settings, after[i].settings, after[i].spec->fields)});
        }
        for (std::size_t i = 0; i < before.size(); ++i) {
            if (std::find(afterKeys.begin(), afterKeys.end(), beforeKeys[i]) != afterKeys.end())
                continue;
            m_part = partOf(before[i].spec);
            const Scope scope(*this, std::string(field) + '.' + beforeKeys[i], beforeKeys[i]);
            const Location where = after.empty() ? Location{} : after.back().settings.keyWhere();
            if (!take(SettingChange::Kind::Removed, &before[i].settings, nullptr, where))
                out.push_back(before[i]);
        }
        return out;
    }

    /// Checked settings: scalars are compared by what they mean (5m and 300s).
    Value fields(const Value &before, const Value &after, std::span<const FieldSpec> specs)
    {
        std::vector<Value::Member> out;
        for (const FieldSpec &field : specs) {
            const Scope scope(*this, std::string(field.name), {});
            std::string was, now;
            appendCanonicalJson(was, before, std::span(&field, 1));
            appendCanonicalJson(now, after, std::span(&field, 1));
            const Value &edited = after.at(field.name);
            out.emplace_back(field.name, was == now ? edited : value(before.at(field.name), edited));
        }
        return Value::map(std::move(out), after.where());
    }

    Value value(const Value &before, const Value &after)
    {
        if (jsonOf(before) == jsonOf(after))
            return after;
        if (before.isMap() && after.isMap())
            return maps(before, after);
        if (before.isList() && after.isList())
            return lists(before, after);
        return take(SettingChange::Kind::Changed, &before, &after, after.where()) ? after : before;
    }

    void plain(const char *path, const std::string &before, const std::string &after)
    {
        m_part = PipelinePart::Nothing;
        const Scope scope(*this, path, {});
        value(Value::scalar(before, {}, true), Value::scalar(after, {}, true));
    }
    void settings(const char *path, const Value &before, const Value &after)
    {
        m_part = PipelinePart::Nothing;
        const Scope scope(*this, path, {});
        value(before, after);
    }

private:
    /// One step down; the way back is its end.
    class Scope
    {
    public:
        Scope(SideBySide &walk, const std::string &step, const std::string &name)
            : m_walk(walk), m_pathSize(walk.m_path.size()), m_names(walk.m_names.size())
        {
            if (!walk.m_path.empty() && !step.starts_with('['))
                walk.m_path += '.';
            walk.m_path += step;
            if (!name.empty())
                walk.m_names.push_back(name);
        }
        ~Scope()
        {
            m_walk.m_path.resize(m_pathSize);
            m_walk.m_names.resize(m_names);
        }
        Scope(const Scope &) = delete;
        Scope &operator=(const Scope &) = delete;

    private:
        SideBySide &m_walk;
        const std::size_t m_pathSize, m_names;
    };

    static PipelinePart partOf(const SourceSpec *) { return PipelinePart::Records; }
    static PipelinePart partOf(const StageSpec *spec)
    {
        return spec->makeMap != nullptr     ? PipelinePart::Records
               : spec->makeKeyed != nullptr ? PipelinePart::Events
                                            : PipelinePart::Findings;
    }

    Value maps(const Value &before, const Value &after)
    {
        std::vector<Value::Member> out;
        for (const auto &[name, now] : after.members()) {
            const Scope scope(*this, name, name);
            if (const Value *was = before.find(name); was != nullptr)
                out.emplace_back(name, value(*was, now));
            else if (take(SettingChange::Kind::Added, nullptr, &now, now.keyWhere()))
                out.emplace_back(name, now);
        }
        for (const auto &[name, was] : before.members()) {
            const Scope scope(*this, name, name);
            if (after.find(name) == nullptr
                && !take(SettingChange::Kind::Removed, &was, nullptr, after.keyWhere()))
                out.emplace_back(name, was);
        }
        return Value::map(std::move(out), after.where());
    }

    Value lists(const Value &before, const Value &after)
    {
        std::vector<Item> was = itemsOf(before), now = itemsOf(after);
        if (!was.empty() && !now.empty() && was.front().named != now.front().named)
            return take(SettingChange::Kind::Changed, &before, &after, after.where()) ? after : before;
        // What both have must stand in the same order, or the order itself is the change.
        std::vector<std::string> commonWas, commonNow;
        for (const Item &item : was) {
            if (findItem(now, item.key) != nullptr)
                commonWas.push_back(item.key);
        }
        for (const Item &item : now) {
            if (findItem(was, item.key) != nullptr)
                commonNow.push_back(item.key);
        }
        if (commonWas != commonNow)
            return take(SettingChange::Kind::Changed, &before, &after, after.where()) ? after : before;
        std::vector<Value> out;
        std::size_t left = 0; // of `was`, not yet looked at
        const auto dropUntil = [&](const std::string *key) {
            for (; left < was.size() && (key == nullptr || was[left].key != *key); ++left) {
                const Scope scope(*this, was[left].key, was[left].named ? was[left].key : std::string());
                if (!take(SettingChange::Kind::Removed, was[left].value, nullptr, after.keyWhere()))
                    out.push_back(*was[left].value);
            }
        };
        for (const Item &item : now) {
            const Item *old = findItem(was, item.key);
            if (old != nullptr)
                dropUntil(&item.key);
            const Scope scope(*this, item.key, item.named ? item.key : std::string());
            if (old != nullptr) {
                out.push_back(value(*old->value, *item.value));
                ++left;
            } else if (take(SettingChange::Kind::Added, nullptr, item.value, item.value->where())) {
                out.push_back(*item.value);
            }
        }
        dropUntil(nullptr);
        return Value::list(std::move(out), after.where());
    }

    /// Whether the edited side is taken here.
    bool take(SettingChange::Kind kind, const Value *before, const Value *after, const Location &where)
    {
        const std::size_t number = m_number++;
        if (m_out != nullptr && number < SettingChangesMax)
            m_out->push_back({kind, m_part, m_path, m_names, before == nullptr ? std::string() : shown(*before),
                              after == nullptr ? std::string() : shown(*after), where});
        if (m_taken == nullptr || m_taken->empty())
            return true;
        return (*m_taken)[std::min(number, m_taken->size() - 1)];
    }

    std::vector<SettingChange> *m_out;
    const std::vector<bool> *m_taken;
    std::size_t m_number = 0;
    std::string m_path;
    std::vector<std::string> m_names;
    PipelinePart m_part = PipelinePart::Nothing;
};

} // namespace

std::string_view toString(PipelinePart part)
{
    switch (part) {
    case PipelinePart::Records: return "records";
    case PipelinePart::Events: return "events";
    case PipelinePart::Findings: return "findings";
    case PipelinePart::Nothing: return "nothing";
    }
    return "";
}

std::string_view toString(SettingChange::Kind kind)
{
    switch (kind) {
    case SettingChange::Kind::Added: return "added";
    case SettingChange::Kind::Removed: return "removed";
    case SettingChange::Kind::Changed: return "changed";
    }
    return "";
}

std::vector<SettingChange> changesBetween(const PipelineSpec &before, const PipelineSpec &after)
{
    std::vector<SettingChange> out;
    SideBySide walk(&out, nullptr);
    walk.components(before.sources, after.sources, "sources");
    walk.components(before.stages, after.stages, "stages");
    walk.plain("pipeline", before.name, after.name);
    walk.plain("description", before.description, after.description);
    walk.plain("lateness", std::to_string(before.latenessNs) + " ns", std::to_string(after.latenessNs) + " ns");
    walk.plain("ledger.keep_raw", before.keepRaw ? "true" : "false", after.keepRaw ? "true" : "false");
    walk.plain("retention", retentionText(before.retention), retentionText(after.retention));
    walk.settings("executors", before.executors, after.executors);
    return out;
}

PipelinePart firstPart(const std::vector<SettingChange> &changes)
{
    PipelinePart first = PipelinePart::Nothing;
    for (const SettingChange &change : changes)
        first = std::min(first, change.part);
    return first;
}

PipelineSpec withChanges(const PipelineSpec &before, const PipelineSpec &after, const std::vector<bool> &taken)
{
    PipelineSpec out = after;
    SideBySide walk(nullptr, &taken);
    out.sources = walk.components(before.sources, after.sources, "sources");
    out.stages = walk.components(before.stages, after.stages, "stages");
    // A stage that was taken out and is back stands at the end: put it where its phase is.
    const auto phase = [](const Configured<StageSpec> &stage) {
        return stage.spec->makeMap != nullptr ? 0 : stage.spec->makeKeyed != nullptr ? 1 : 2;
    };
    std::stable_sort(out.stages.begin(), out.stages.end(),
                     [&](const auto &a, const auto &b) { return phase(a) < phase(b); });
    return out;
}

} // namespace eventops
