// SPDX-License-Identifier: MIT
#include "pipelines/stages/normalize/mapping.h"

#include "core/base/json.h"
#include "core/pipeline/settings.h"

namespace eventops::normalize {
namespace {

constexpr FieldSpec FileFields[] = {
    {"description", "string", "", "What the mappings are for."},
    {"defaults", "map", "{}", "Settings of all mappings of the file."},
    {"mappings", "list", "required", "A list of mappings; the first that matches an event is used."},
};

constexpr FieldSpec DefaultsFields[] = {
    {"hash_pii", "bool", "true", "Hash the fields under pii; false keeps them in clear."},
    {"max_label_cardinality", "int", "0", "Read and ignored: texts are bounded by batch, whatever their number."},
};

constexpr FieldSpec MappingFields[] = {
    {"match", "map", "{}",
     "Path and value that an event must have: ns.coll: files. @codec looks at the event's own field."},
    {"event_type_override", "map", "{}", "when, value and else: the event's type."},
    {"tags", "list", "[]", "Paths, or name: expression."},
    {"attrs", "any", "", "A list of paths, or name: expression; all other attributes go. Left out: all stay."},
    {"pii", "list", "[]", "Paths whose text is replaced by its SHA-256, in the raw record too."},
    {"drops", "list", "[]", "Paths that are taken out, of the raw record too."},
    {"entity", "map", "{}", "type and id."},
    {"source", "map", "{}", "type, id and namespace."},
    {"type", "string", "", "Type of the event (a text, $path or text with {path})."},
    {"step", "string", "", "Step in the entity's life (a path, 'text' or text with {path})."},
    {"tenant", "string", "", "Tenant (a text, $path or text with {path})."},
    {"ts", "string", "", "Path of the event's time."},
    {"severity", "string", "", "Path of the severity, or 'error'."},
    {"message", "string", "", "Path of the message, or a text with {path}."},
    {"event_id", "string", "", "Path of the event's own id."},
    {"correlation_id", "string", "", "Path."},
    {"causation_id", "string", "", "Path."},
    {"trace_id", "string", "", "Path."},
    {"span_id", "string", "", "Path."},
    {"idempotency_key", "string", "", "Path, or a text with {path}."},
    {"metric", "string", "", "Name of what is measured (a text, $path or text with {path})."},
    {"value", "string", "", "Path of the number measured."},
    {"unit", "string", "", "Its unit (a text or $path)."},
};

constexpr FieldSpec OverrideFields[] = {
    {"when", "string", "", "Expression: $eq(fullDocument.status,'arrived')"},
    {"value", "string", "required", "The type when it is true."},
    {"else", "string", "", "The type when it is not; left out: as it was."},
};

constexpr FieldSpec EntityFields[] = {
    {"type", "string", "", "A text, $path or text with {path}."},
    {"id", "string", "", "A path or text with {path}."},
};

constexpr FieldSpec SourceFields[] = {
    {"type", "string", "", "A text, $path or text with {path}."},
    {"id", "string", "", "A path or text with {path}."},
    {"namespace", "string", "", "A path or text with {path}."},
};

bool given(const Value &settings, std::string_view name)
{
    const Result<std::string> text = settings.at(name).text();
    return text && !text.value().empty();
}

/// Sets @p out from a member unless it was left out.
Status readOptional(const Value &settings, std::string_view name, BareWord bare, std::optional<Expression> &out)
{
    if (given(settings, name))
        out = EVENTOPS_TRY(Expression::parse(settings.at(name), bare));
    return Ok{};
}

Status readField(const Value &settings, std::string_view name, Field field, BareWord bare, DocumentMapping &mapping)
{
    std::optional<Expression> expression;
    EVENTOPS_TRY(readOptional(settings, name, bare, expression));
    if (expression)
        mapping.fields.push_back({field, std::move(*expression)});
    return Ok{};
}

Status readFields(const Value &settings, DocumentMapping &mapping)
{
    constexpr struct {
        std::string_view name;
        Field field;
        BareWord bare;
    } Outputs[] = {
        {"type", Field::Type, BareWord::Literal}, {"step", Field::Step, BareWord::Path},
        {"tenant", Field::Tenant, BareWord::Literal}, {"message", Field::Message, BareWord::Path},
        {"event_id", Field::EventId, BareWord::Path}, {"correlation_id", Field::CorrelationId, BareWord::Path},
        {"causation_id", Field::CausationId, BareWord::Path}, {"trace_id", Field::TraceId, BareWord::Path},
        {"span_id", Field::SpanId, BareWord::Path}, {"idempotency_key", Field::IdempotencyKey, BareWord::Path},
        {"metric", Field::Metric, BareWord::Literal}, {"unit", Field::Unit, BareWord::Literal},
    };
    for (const auto &output : Outputs)
        EVENTOPS_TRY(readField(settings, output.name, output.field, output.bare, mapping));
    const Value entity = EVENTOPS_TRY(checkSettings(settings.at("entity"), EntityFields, "\"entity\""));
    EVENTOPS_TRY(readField(entity, "type", Field::EntityType, BareWord::Literal, mapping));
    EVENTOPS_TRY(readField(entity, "id", Field::EntityId, BareWord::Path, mapping));
    const Value source = EVENTOPS_TRY(checkSettings(settings.at("source"), SourceFields, "\"source\""));
    EVENTOPS_TRY(readField(source, "type", Field::SourceType, BareWord::Literal, mapping));
    EVENTOPS_TRY(readField(source, "id", Field::SourceId, BareWord::Path, mapping));
    EVENTOPS_TRY(readField(source, "namespace", Field::SourceNamespace, BareWord::Path, mapping));
    EVENTOPS_TRY(readOptional(settings, "ts", BareWord::Path, mapping.ts));
    EVENTOPS_TRY(readOptional(settings, "severity", BareWord::Path, mapping.severity));
    return readOptional(settings, "value", BareWord::Path, mapping.value);
}

Status readOverride(const Value &settings, DocumentMapping &mapping)
{
    if (settings.members().empty())
        return Ok{};
    const Value checked = EVENTOPS_TRY(checkSettings(settings, OverrideFields, "\"event_type_override\""));
    if (given(checked, "when"))
        mapping.typeWhen = EVENTOPS_TRY(Expression::parse(checked.at("when")));
    EVENTOPS_TRY(readOptional(checked, "value", BareWord::Literal, mapping.typeThen));
    return readOptional(checked, "else", BareWord::Literal, mapping.typeElse);
}

Result<MatchTerm> readMatchTerm(const std::string &name, const Value &wanted)
{
    MatchTerm term;
    term.path = name;
    if (name.starts_with('@')) {
        term.field = fieldByName(std::string_view(name).substr(1));
        if (!term.field) {
            std::vector<std::string_view> known;
            for (std::size_t i = 0; i < FieldCount; ++i)
                known.push_back(toString(static_cast<Field>(i)));
            Error error = wanted.error("there is no event field \"" + name.substr(1) + '"',
                                       unknownNameRemedy(std::string_view(name).substr(1), known, "fields"));
            error.where = wanted.keyWhere();
            return error;
        }
    }
    if (wanted.isList()) {
        for (const Value &text : wanted.items())
            term.texts.push_back(EVENTOPS_TRY(text.text()));
    } else {
        term.texts.push_back(EVENTOPS_TRY(wanted.text()));
    }
    return term;
}

/// Items are paths, or maps of name and expression.
Status readOutputs(const Value &list, std::string_view what, std::vector<NamedExpression> &out)
{
    if (!list.isList())
        return list.error("\"" + std::string(what) + "\" must be a list", "write `- path` or `- name: expression`");
    const auto add = [&](const std::string &name, Expression expression) {
        NamedExpression output{{}, std::move(expression)};
        appendJsonString(output.nameJson, name);
        out.push_back(std::move(output));
    };
    for (const Value &item : list.items()) {
        if (item.isScalar()) {
            Expression expression = EVENTOPS_TRY(Expression::parse(item));
            if (!expression.isPath())
                return item.error("an expression needs a name", "write `- name: expression`");
            const std::string name = expression.leafName();
            add(name, std::move(expression));
            continue;
        }
        if (!item.isMap())
            return item.error("\"" + std::string(what) + "\" holds paths, or name: expression");
        for (const auto &[name, text] : item.members())
            add(name, EVENTOPS_TRY(Expression::parse(text)));
    }
    return Ok{};
}

Status readPaths(const Value &list, std::vector<std::string> &out)
{
    for (const Value &item : list.items()) {
        std::string path = EVENTOPS_TRY(item.text());
        if (path.empty() || path.size() > ExpressionBytesMax)
            return item.error("expected a path");
        out.push_back(std::move(path));
    }
    return Ok{};
}

Result<DocumentMapping> readMapping(const Value &value, bool hashPii)
{
    const Value settings = EVENTOPS_TRY(checkSettings(value, MappingFields, "a mapping"));
    DocumentMapping mapping;
    for (const auto &[name, wanted] : settings.at("match").members())
        mapping.match.push_back(EVENTOPS_TRY(readMatchTerm(name, wanted)));
    EVENTOPS_TRY(readOverride(settings.at("event_type_override"), mapping));
    EVENTOPS_TRY(readOutputs(settings.at("tags"), "tags", mapping.tags));
    mapping.replacesAttrs = !settings.at("attrs").isNull();
    if (mapping.replacesAttrs)
        EVENTOPS_TRY(readOutputs(settings.at("attrs"), "attrs", mapping.attrs));
    EVENTOPS_TRY(readFields(settings, mapping));
    if (hashPii)
        EVENTOPS_TRY(readPaths(settings.at("pii"), mapping.redaction.hashed));
    EVENTOPS_TRY(readPaths(settings.at("drops"), mapping.redaction.dropped));
    return mapping;
}

} // namespace

Status readMappings(const Value &defaults, const Value &mappings, std::vector<DocumentMapping> &out)
{
    const Value checked = EVENTOPS_TRY(checkSettings(defaults, DefaultsFields, "\"defaults\""));
    const bool hashPii = EVENTOPS_TRY(checked.at("hash_pii").boolean());
    for (const Value &item : mappings.items()) {
        if (out.size() == MappingsMax)
            return Error{Error::Code::LimitExceeded, "more than " + std::to_string(MappingsMax) + " mappings",
                         item.where(), {}};
        out.push_back(EVENTOPS_TRY(readMapping(item, hashPii)));
    }
    return Ok{};
}

Status readMappingFile(const Value &file, std::vector<DocumentMapping> &out)
{
    const Value checked = EVENTOPS_TRY(checkSettings(file, FileFields, "a mapping file"));
    return readMappings(checked.at("defaults"), checked.at("mappings"), out);
}

} // namespace eventops::normalize
