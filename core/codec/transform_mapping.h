// SPDX-License-Identifier: MIT
#pragma once

#include "core/codec/document_format.h"
#include "core/codec/mapping.h"
#include "core/codec/transformer.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace eventops {

/// "Cluster {cluster.id} of {$EntityType}": text with what stands at dotted paths of member names, and with variables.
/// What is not there is ""; what is put in is never looked at again, whatever braces it holds. Thread: immutable, any.
class PathTemplate
{
public:
    struct Variables {
        std::string entityId, entityType, eventType;
    };
    explicit PathTemplate(std::string_view text);
    std::string fill(std::string_view document, const Variables &variables) const;

private:
    struct Part {
        enum class Kind : std::uint8_t { Literal, Path, EntityId, EntityType, EventType, Nothing };
        Kind kind = Kind::Literal;
        std::string text;               ///< Of Literal.
        std::vector<std::string> names; ///< Of Path.
    };
    std::vector<Part> m_parts;
};

/// Splits "a.b.c" at its dots.
std::vector<std::string> dottedNames(std::string_view path);
/// The value that the member names lead to; also null. Nothing: no such place.
std::optional<std::string_view> valueAt(std::string_view document, const std::vector<std::string> &names);

/// A transformer of JSON documents as data: what both rule formats of JSONTransformer and the shipped transformers are
/// compiled to (contracts C10, X30).
///
/// As a file, pipelines/transformers/*.yaml:
///
///     transformer: kubernetes_pods
///     summary: Events of pods.
///     stands_for: {script: kubernetes_pods_transformer, class: KubernetesPodEventsTransformer}
///     when: {involvedObject.kind: [Pod]}          see document_format.h; what does not fit is left alone
///     event: {type: reason, entity: involvedObject.name, message: message}     selectors, see mapping.h
///       severity: …                               else the one of its type
///       data: {cluster_id: …}                     members by selector; without it: the whole document
///     types:                                      by what stands at event.type; others are refused if `only` is true
///       Pulling: {name: IMAGE_PULLING, severity: INFO, shown: false}
///     only: true
///     entities: [{id: …, type: …}]
///     links: [{source: …, target: …}]             ids
///
/// Thread: immutable, any.
class TransformMapping
{
public:
    struct TypeRow {
        std::string name;     ///< The event's type.
        std::string severity; ///< Empty: none.
        bool shown = true;    ///< In lists for people.
    };

    /// InvalidConfig with place, field and remedy.
    static Result<TransformMapping> parse(const Value &file);
    /// The settings of a JSONTransformer, in either format. InvalidConfig names the field.
    static Result<TransformMapping> fromRules(std::string_view settings);

    const std::string &name() const { return m_name; }
    const std::string &summary() const { return m_summary; }
    const std::string &script() const { return m_script; }
    const std::string &className() const { return m_class; }
    const std::map<std::string, TypeRow> &types() const { return m_types; }

    /// InvalidInput: no JSON object, or a value that an event must have is missing.
    Result<TransformerOutput> apply(std::string_view body) const;

private:
    /// Where a text comes from: one of the two.
    struct Source {
        Source(Selector of) : selector(std::make_shared<const Selector>(std::move(of))) {}
        Source(PathTemplate of) : filled(std::make_shared<const PathTemplate>(std::move(of))) {}
        std::shared_ptr<const Selector> selector;
        std::shared_ptr<const PathTemplate> filled;
    };
    struct EntityRule {
        Source id, type;
    };
    struct LinkRule {
        Source source, target;
        std::string sourceType, targetType; ///< Not empty: the ends are entities of these types.
    };
    struct Match {
        std::vector<std::string> names;
        std::optional<std::string> value; ///< Nothing: the place is there.
    };
    using Scope = PathTemplate::Variables;

    Status parseEvent(const Value &event);
    Status parseTypes(const Value &types);
    Status parseRelations(const Value &file);
    static Result<TransformMapping> fromScript(std::string_view script);
    static Result<TransformMapping> fromTemplates(std::string_view settings);
    Status readMatch(std::string_view settings);
    Status readLists(std::string_view settings);
    bool matches(const JsonReader &json) const;
    static std::optional<std::string> textOf(const Source &source, std::string_view document, const Scope &scope);
    std::string dataOf(std::string_view document) const;
    void relations(std::string_view document, const Scope &scope, TransformerOutput &out) const;

    std::string m_name, m_summary, m_script, m_class;
    std::optional<DocumentFormat> m_when;
    std::optional<Match> m_match;
    std::optional<Source> m_type, m_entity, m_entityType, m_severity, m_message;
    std::vector<std::pair<std::string, Selector>> m_data;
    std::vector<std::pair<std::string, std::vector<std::string>>> m_dataPaths; ///< Absent ones are null.
    bool m_wholeData = true;
    std::map<std::string, TypeRow> m_types;
    bool m_only = false;
    std::vector<EntityRule> m_entities;
    std::vector<LinkRule> m_links;
    bool m_entityRequired = true;
};

/// A transformer by a mapping. @p mapping outlives nothing: it is shared.
std::shared_ptr<Transformer> makeMappingTransformer(std::shared_ptr<const TransformMapping> mapping);

/// Adds "JSONTransformer".
void addJsonTransformer(TransformerRegistry &registry);
/// Adds "PythonTransformer" for the scripts that @p shipped stand for, by the last part of `ScriptPath`; all others are
/// @p others to make, and refused as Unavailable where that is empty.
void addShippedTransformers(TransformerRegistry &registry, std::vector<std::shared_ptr<const TransformMapping>> shipped,
                            TransformerRegistry::Factory others = {});
/// Every *.yaml below @p directory, in order of name. InvalidConfig, Io.
Result<std::vector<std::shared_ptr<const TransformMapping>>> loadTransformMappings(const std::string &directory);

/// "src.transformers.python_transformers.compute_app_layer_transformer", "/opt/x/compute_app_layer_transformer.py":
/// "compute_app_layer_transformer".
std::string scriptName(std::string_view scriptPath);

} // namespace eventops
