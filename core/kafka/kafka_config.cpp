// SPDX-License-Identifier: MIT
#include "core/kafka/kafka_config.h"

#include "core/kafka/kafka_client.h"

#include <algorithm>

namespace eventops {
namespace {

constexpr std::size_t MessageBytes = 512;
constexpr std::chrono::milliseconds ClusterWait{250};

/// Nothing goes to standard error: what matters comes as an error, and where it is looked at.
void ignoreLog(const rd_kafka_t *, int, const char *, const char *) {}

Status set(rd_kafka_conf_t *config, const char *name, const std::string &value)
{
    char message[MessageBytes] = "";
    if (rd_kafka_conf_set(config, name, value.c_str(), message, sizeof message) != RD_KAFKA_CONF_OK)
        return Error{Error::Code::InvalidConfig, std::string(name) + ": " + message};
    return Ok{};
}

Status setSecurity(rd_kafka_conf_t *config, const KafkaSettings &settings)
{
    EVENTOPS_TRY(set(config, "security.protocol", settings.securityProtocol));
    if (settings.usesSasl()) {
        EVENTOPS_TRY(set(config, "sasl.mechanism", settings.saslMechanism));
        EVENTOPS_TRY(set(config, "sasl.username", settings.saslUser));
        const std::string password = EVENTOPS_TRY(kafkaSecret(settings.saslPasswordFile, "KAFKA_PASS"));
        EVENTOPS_TRY(set(config, "sasl.password", password));
    }
    if (!settings.usesTls())
        return Ok{};
    if (!settings.tlsCaFile.empty())
        EVENTOPS_TRY(set(config, "ssl.ca.location", settings.tlsCaFile));
    if (settings.tlsCertificateFile.empty())
        return Ok{};
    EVENTOPS_TRY(set(config, "ssl.certificate.location", settings.tlsCertificateFile));
    EVENTOPS_TRY(set(config, "ssl.key.location", settings.tlsKeyFile));
    const std::string secret = EVENTOPS_TRY(kafkaSecret(settings.tlsKeyPasswordFile, "KAFKA_KEY_PASS"));
    return secret.empty() ? Status(Ok{}) : set(config, "ssl.key.password", secret);
}

struct MetadataFree {
    void operator()(const rd_kafka_metadata_t *metadata) const { rd_kafka_metadata_destroy(metadata); }
};

} // namespace

Result<std::string> kafkaClusterId(rd_kafka_t *handle, std::chrono::milliseconds wait,
                                   const std::function<bool()> &hopeless)
{
    // In short waits: the client goes on trying where a person has to mend something first.
    const auto until = std::chrono::steady_clock::now() + wait;
    while (std::chrono::steady_clock::now() < until && !hopeless()) {
        char *const id = rd_kafka_clusterid(handle, static_cast<int>(std::min(wait, ClusterWait).count()));
        rd_kafka_poll(handle, 0); // tells why
        if (id == nullptr)
            continue;
        std::string text = id;
        rd_kafka_mem_free(handle, id);
        return text;
    }
    return Error{Error::Code::Unavailable, "no Kafka answers", {}, "start it, or check brokers, network and firewall"};
}

Result<std::map<std::string, std::uint32_t>> kafkaTopics(rd_kafka_t *handle, std::chrono::milliseconds wait)
{
    const rd_kafka_metadata_t *raw = nullptr;
    const rd_kafka_resp_err_t failed = rd_kafka_metadata(handle, 1, nullptr, &raw, static_cast<int>(wait.count()));
    rd_kafka_poll(handle, 0);
    if (failed != RD_KAFKA_RESP_ERR_NO_ERROR)
        return KafkaClient::errorOf(failed, "the topics cannot be listed");
    const std::unique_ptr<const rd_kafka_metadata_t, MetadataFree> metadata(raw);
    std::map<std::string, std::uint32_t> found;
    for (int i = 0; i < metadata->topic_cnt; ++i) {
        const rd_kafka_metadata_topic_t &topic = metadata->topics[i];
        if (topic.err == RD_KAFKA_RESP_ERR_NO_ERROR)
            found.emplace(topic.topic, static_cast<std::uint32_t>(topic.partition_cnt));
    }
    return found;
}

Result<KafkaConfig> makeKafkaConfig(const KafkaSettings &settings, std::initializer_list<KafkaProperty> own)
{
    KafkaConfig config(rd_kafka_conf_new());
    rd_kafka_conf_set_log_cb(config.get(), ignoreLog);
    EVENTOPS_TRY(set(config.get(), "bootstrap.servers", settings.brokers));
    EVENTOPS_TRY(set(config.get(), "client.id", settings.clientId));
    EVENTOPS_TRY(set(config.get(), "reconnect.backoff.max.ms", "2000"));
    EVENTOPS_TRY(set(config.get(), "socket.keepalive.enable", "true"));
    EVENTOPS_TRY(setSecurity(config.get(), settings));
    for (const auto &[name, value] : own)
        EVENTOPS_TRY(set(config.get(), name, value));
    return config;
}

} // namespace eventops
