// SPDX-License-Identifier: MIT
#include "core/codec/avro_plan.h"

#include "core/base/json.h"
#include "core/codec/json_reader.h"

#include <algorithm>

namespace eventops {
namespace {

constexpr std::size_t ProblemsMax = 100; ///< Told of one pair of schemas.
constexpr unsigned DepthMax = 500;       ///< Of types that refer to one another.

bool isNamed(AvroKind kind)
{
    return kind == AvroKind::Record || kind == AvroKind::Enum || kind == AvroKind::Fixed;
}

/// The specification compares names without their namespaces; an alias is a name that the reader had.
bool namesMatch(const AvroType &writer, const AvroType &reader)
{
    const std::string_view name = avroShortName(writer.name);
    return avroShortName(reader.name) == name
           || std::any_of(reader.aliases.begin(), reader.aliases.end(), [&](const std::string &alias) {
                  return alias == writer.name || avroShortName(alias) == name;
              });
}

bool isPromotion(AvroKind from, AvroKind to)
{
    switch (from) {
    case AvroKind::Int: return to == AvroKind::Long || to == AvroKind::Float || to == AvroKind::Double;
    case AvroKind::Long: return to == AvroKind::Float || to == AvroKind::Double;
    case AvroKind::Float: return to == AvroKind::Double;
    case AvroKind::String: return to == AvroKind::Bytes;
    case AvroKind::Bytes: return to == AvroKind::String;
    default: return false;
    }
}

/// Without a look at what is inside.
bool sameOutside(const AvroType &writer, const AvroType &reader)
{
    return writer.kind == reader.kind && (!isNamed(writer.kind) || namesMatch(writer, reader))
           && writer.size == reader.size;
}

/// The reader's branch for what the writer wrote: one of the same type, else one that it can become.
const AvroType *branchFor(const AvroType &writer, const AvroType &reader)
{
    const auto first = [&](auto fits) -> const AvroType * {
        const auto found = std::find_if(reader.branches.begin(), reader.branches.end(), fits);
        return found == reader.branches.end() ? nullptr : *found;
    };
    if (isNamed(writer.kind)) {
        if (const AvroType *same = first([&](const AvroType *branch) { return branch->name == writer.name; }))
            return same;
    }
    if (const AvroType *same = first([&](const AvroType *branch) { return sameOutside(writer, *branch); }))
        return same;
    return first([&](const AvroType *branch) { return isPromotion(writer.kind, branch->kind); });
}

const AvroField *fieldOf(const AvroType &writer, const AvroField &reader)
{
    const auto named = [&](const std::string &name) {
        const auto found = std::find_if(writer.fields.begin(), writer.fields.end(),
                                        [&](const AvroField &field) { return field.name == name; });
        return found == writer.fields.end() ? nullptr : &*found;
    };
    if (const AvroField *same = named(reader.name))
        return same;
    for (const std::string &alias : reader.aliases) {
        if (const AvroField *old = named(alias))
            return old;
    }
    return nullptr;
}

/// A default with the fields that it leaves to their own defaults.
void appendDefault(std::string &out, const AvroType &type, std::string_view json)
{
    const AvroType &of = type.kind == AvroKind::Union ? *type.branches.front() : type;
    const bool isList = of.kind == AvroKind::Array || of.kind == AvroKind::Map;
    if (of.kind != AvroKind::Record && !isList) {
        out += json;
        return;
    }
    JsonWriter writer(out);
    std::string inner;
    const auto value = [&](const AvroType &inside, std::string_view given) {
        inner.clear();
        std::string own;
        appendDefault(own, inside, given);
        writer.raw(own);
    };
    if (of.kind == AvroKind::Record) {
        writer.beginObject();
        for (const AvroField &field : of.fields) {
            writer.key(field.name);
            value(*field.type, jsonMember(json, field.name).value_or(field.defaultJson));
        }
        writer.endObject();
        return;
    }
    JsonItems items(json);
    std::string_view name, one;
    std::string scratch;
    of.kind == AvroKind::Map ? writer.beginObject() : writer.beginArray();
    while (items.next(name, one)) {
        if (of.kind == AvroKind::Map)
            writer.key(jsonUnescape(name, scratch));
        value(*of.items, one);
    }
    of.kind == AvroKind::Map ? writer.endObject() : writer.endArray();
}

} // namespace

/// Finds the steps of one pair of schemas.
class AvroPlanner
{
public:
    explicit AvroPlanner(AvroPlan &plan) : m_plan(plan) {}

    const AvroStep *step(const AvroType &writer, const AvroType &reader, const std::string &path)
    {
        const auto known = m_known.find({&writer, &reader});
        if (known != m_known.end())
            return known->second;
        const bool intoUnion = reader.kind == AvroKind::Union && writer.kind != AvroKind::Union;
        const AvroType *const branch = intoUnion ? branchFor(writer, reader) : nullptr;
        if (branch != nullptr)
            return step(writer, *branch, path);
        AvroStep &made = m_plan.m_steps.emplace_back();
        m_known.emplace(std::pair(&writer, &reader), &made);
        ++m_depth;
        if (m_depth > DepthMax)
            unreadable(made, {path, "types follow one another more than " + std::to_string(DepthMax) + " deep", ""});
        else if (writer.kind == AvroKind::Union)
            fromUnion(made, writer, reader, path);
        else if (intoUnion)
            unreadable(made,
                       {path.empty() ? avroTypeText(reader) : path,
                        "written as " + avroTypeText(writer) + ", which is no branch of the " + avroTypeText(reader),
                        "add " + avroTypeText(writer) + " to the union"});
        else if (sameOutside(writer, reader))
            inside(made, writer, reader, path);
        else if (isPromotion(writer.kind, reader.kind))
            plain(made, writer, reader);
        else
            differs(made, writer, reader, path);
        --m_depth;
        return &made;
    }

private:
    /// @p told: a problem of the schemas, not only of a record that may come.
    void unreadable(AvroStep &made, AvroProblem problem)
    {
        made.kind = AvroStep::Kind::Unreadable;
        made.problem = problem;
        tell(std::move(problem));
    }
    void tell(AvroProblem problem)
    {
        if (m_plan.m_problems.size() < ProblemsMax)
            m_plan.m_problems.push_back(std::move(problem));
    }

    void differs(AvroStep &made, const AvroType &writer, const AvroType &reader, const std::string &path)
    {
        AvroProblem problem{path.empty() ? avroTypeText(reader) : path,
                            "written as " + avroTypeText(writer) + ", which cannot be read as " + avroTypeText(reader),
                            "keep the type, or give the new one another field with a default"};
        if (writer.kind == reader.kind && isNamed(writer.kind))
            problem.remedy = writer.size != reader.size
                                 ? "keep the size"
                                 : "keep the name, or name the old one among the aliases of " + reader.name;
        unreadable(made, std::move(problem));
    }

    static void plain(AvroStep &made, const AvroType &writer, const AvroType &reader)
    {
        made.kind = AvroStep::Kind::Plain;
        made.wire = writer.kind;
        made.as = reader.kind;
        made.size = writer.size;
    }

    void fromUnion(AvroStep &made, const AvroType &writer, const AvroType &reader, const std::string &path)
    {
        made.kind = AvroStep::Kind::Union;
        for (const AvroType *branch : writer.branches)
            made.branches.push_back(step(*branch, reader, path));
    }

    void inside(AvroStep &made, const AvroType &writer, const AvroType &reader, const std::string &path)
    {
        switch (writer.kind) {
        case AvroKind::Record: record(made, writer, reader, path.empty() ? reader.name : path); return;
        case AvroKind::Enum: symbols(made, writer, reader, path.empty() ? reader.name : path); return;
        case AvroKind::Array:
        case AvroKind::Map:
            made.kind = writer.kind == AvroKind::Map ? AvroStep::Kind::Map : AvroStep::Kind::Array;
            made.items = step(*writer.items, *reader.items, path + (writer.kind == AvroKind::Map ? "{}" : "[]"));
            return;
        default: plain(made, writer, reader);
        }
    }

    void symbols(AvroStep &made, const AvroType &writer, const AvroType &reader, const std::string &path)
    {
        made.kind = AvroStep::Kind::Enum;
        std::string missing;
        for (const std::string &symbol : writer.symbols) {
            const bool known = std::find(reader.symbols.begin(), reader.symbols.end(), symbol) != reader.symbols.end();
            made.symbols.push_back(known ? symbol : reader.enumDefault);
            if (made.symbols.back().empty())
                missing += (missing.empty() ? "" : ", ") + symbol;
        }
        if (missing.empty())
            return;
        made.problem = {path, "the reader's enum " + reader.name + " has no symbol " + missing + " and no default",
                        "add the symbol, or give the enum a default"};
        tell(made.problem);
    }

    void record(AvroStep &made, const AvroType &writer, const AvroType &reader, const std::string &path)
    {
        made.kind = AvroStep::Kind::Record;
        std::map<const AvroField *, const AvroField *> taken; // by the writer's
        AvroProblem missing;
        for (const AvroField &field : reader.fields) {
            const AvroField *const written = fieldOf(writer, field);
            if (written != nullptr) {
                taken.emplace(written, &field);
            } else if (field.hasDefault) {
                std::string value;
                appendDefault(value, *field.type, field.defaultJson);
                made.defaults += ',';
                appendJsonString(made.defaults, field.name);
                made.defaults += ':' + value;
            } else {
                AvroProblem problem{path + '.' + field.name,
                                    "the writer's schema has no such field, and the reader's gives it no default",
                                    "give it a default"};
                if (missing.field.empty())
                    missing = problem;
                tell(std::move(problem));
            }
        }
        for (const AvroField &field : writer.fields) {
            const auto found = taken.find(&field);
            const AvroField &as = found == taken.end() ? field : *found->second;
            AvroStep::Member member{as.name, nullptr, found == taken.end()};
            member.step = step(*field.type, *as.type, path + '.' + as.name);
            made.members.push_back(std::move(member));
        }
        if (!missing.field.empty()) {
            made.kind = AvroStep::Kind::Unreadable;
            made.problem = std::move(missing);
        }
    }

    AvroPlan &m_plan;
    unsigned m_depth = 0;
    std::map<std::pair<const AvroType *, const AvroType *>, AvroStep *> m_known;
};

std::shared_ptr<const AvroPlan> AvroPlan::make(std::shared_ptr<const AvroSchema> writer,
                                               std::shared_ptr<const AvroSchema> reader)
{
    std::shared_ptr<AvroPlan> made(new AvroPlan);
    made->m_writer = std::move(writer);
    made->m_reader = std::move(reader);
    made->m_root = AvroPlanner(*made).step(made->m_writer->root(), made->m_reader->root(), {});
    return made;
}

std::vector<AvroProblem> avroProblems(const std::shared_ptr<const AvroSchema> &writer,
                                      const std::shared_ptr<const AvroSchema> &reader)
{
    return AvroPlan::make(writer, reader)->problems();
}

} // namespace eventops
