// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/codec/avro_schema.h"
#include "core/kafka/kafka_settings.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace eventops {

/// Which registry, as whom, and how long it may take.
struct SchemaRegistryAddress {
    std::string url;            ///< http or https, with the path where the API has one; no user or password in it.
    std::string user, password; ///< Basic authentication; no user: none.
    std::string caFile;         ///< PEM of the authorities to trust; empty: the system's.
    std::int64_t connectMsMax = 5'000;
    std::int64_t requestMsMax = 15'000; ///< For one whole exchange.
};
/// The registry that a connection names; nothing: none. InvalidConfig: its password's file holds none.
Result<std::optional<SchemaRegistryAddress>> registryAddress(const KafkaSettings &settings);

/// The subject of a topic's payloads, as Confluent's clients name it.
std::string valueSubject(std::string_view topic);

/// A schema registry with Confluent's REST API (contracts E7, L6), by libcurl. Follows no redirect, uses no proxy.
/// Thread: any; one exchange at a time. Memory: SchemasMax schemas, answers up to AnswerBytesMax.
///
/// Errors name the URL and what was asked for. Unavailable: no registry answers there, which passes, or something else
/// does, a 404 that is none of a registry's among it (L22); Refused: 401, 403, or an incompatible schema; NotFound: the
/// registry has no such schema or subject; InvalidInput: it has one that is no Avro, or does not take ours.
class SchemaRegistry
{
public:
    static constexpr std::size_t AnswerBytesMax = 4u << 20;
    static constexpr std::size_t SchemasMax = 1'000;

    struct Version {
        std::uint32_t id = 0;
        std::uint32_t version = 0;
        std::shared_ptr<const AvroSchema> schema;
    };

    /// Connects to nothing yet. InvalidArgument names what is wrong with the URL; Refused: a password would go out in
    /// the clear.
    static Result<std::shared_ptr<SchemaRegistry>> open(SchemaRegistryAddress address);
    ~SchemaRegistry();
    SchemaRegistry(const SchemaRegistry &) = delete;
    SchemaRegistry &operator=(const SchemaRegistry &) = delete;

    const std::string &url() const { return m_address.url; }

    /// The parsing canonical form of the schema with that id. Asked once: an id keeps its schema for ever. That there
    /// is none is remembered for a while.
    Result<std::string> schema(std::uint32_t id);
    /// The newest version of a subject.
    Result<Version> latest(const std::string &subject);
    /// The version of a subject that has this schema.
    Result<Version> find(const std::string &subject, const AvroSchema &schema);
    /// Adds a version, or finds the one that has this schema; the schema's id.
    Result<std::uint32_t> add(const std::string &subject, const AvroSchema &schema);
    /// Whether the registry's own rules for the subject allow it.
    Result<bool> allows(const std::string &subject, const AvroSchema &schema);

private:
    struct Handle;
    struct Answer;
    struct Missing {
        Error error;
        std::chrono::steady_clock::time_point until;
    };
    explicit SchemaRegistry(SchemaRegistryAddress address);
    Answer exchange(const std::string &path, const std::string *body);
    Result<std::string> ask(const std::string &path, const std::string &what, const std::string *body = nullptr);
    Error refusal(const Answer &answer, const std::string &what) const;
    Result<Version> version(const std::string &path, const std::string &what, const std::string *body);

    const SchemaRegistryAddress m_address;
    std::mutex m_mutex; ///< For all below.
    std::unique_ptr<Handle> m_handle;
    std::map<std::uint32_t, std::string> m_schemas;
    std::map<std::uint32_t, Missing> m_missing;
};

/// What became of one subject.
struct SubjectOutcome {
    std::string subject;
    std::uint32_t id = 0;
    bool made = false; ///< False: this schema was there.
};
/// Sees to it that @p schema is a version of @p subject. Refused, with the field named, when those who know the
/// subject's newest version could not read ours, or we not theirs (E22), whatever the registry's own rules say; and
/// when these rules refuse it.
Result<SubjectOutcome> registerSchema(SchemaRegistry &registry, const std::string &subject,
                                      const std::shared_ptr<const AvroSchema> &schema);

} // namespace eventops
