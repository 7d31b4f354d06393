// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/model/value.h"
#include "core/pipeline/spec.h"

#include <span>
#include <string>
#include <vector>

namespace eventops {

/// How to reach a Kafka. Holds no secret: passwords come from a file or from the environment when the client is made.
struct KafkaSettings {
    std::string brokers; ///< "host:9092,host:9092"; never empty once read.
    std::string clientId = "eventops";
    std::string securityProtocol = "plaintext"; ///< plaintext, ssl, sasl_plaintext or sasl_ssl.
    std::string saslMechanism;                  ///< PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.
    std::string saslUser;
    std::string saslPasswordFile;               ///< Its first line; empty: $KAFKA_PASS.
    std::string tlsCaFile;                      ///< PEM; empty: the system's.
    std::string tlsCertificateFile, tlsKeyFile; ///< PEM; both or neither.
    std::string tlsKeyPasswordFile;             ///< Its first line; empty: $KAFKA_KEY_PASS, else the key has none.
    std::string schemaUrl;                      ///< The schema registry; empty: none is asked.
    std::string schemaUser;                     ///< Of the registry; empty: nobody signs in.
    std::string schemaPasswordFile;             ///< Its first line; empty: $SCHEMA_PASSWORD.

    bool usesSasl() const { return securityProtocol.starts_with("sasl_"); }
    bool usesTls() const { return securityProtocol.ends_with("ssl"); }
};

/// The fields of a connection, as they stand among the settings of a source or in a workspace's kafka.json.
std::span<const FieldSpec> kafkaConnectionFields();
/// `kafkaConnectionFields` and then @p own: the fields of something that has a connection.
std::vector<FieldSpec> withKafkaConnection(std::span<const FieldSpec> own);

/// Reads and checks the connection among @p settings, which hold every field of kafkaConnectionFields(). What is not
/// given comes from the environment under the names of the contracts: KAFKA_BOOTSTRAP or BROKERS,
/// KAFKA_SECURITY_PROTOCOL, KAFKA_SASL_MECHANISM, KAFKA_USER, SCHEMA_URL, SCHEMA_USER. InvalidConfig names the field
/// and its place.
/// @p connecting: false: nobody connects, so what only this machine can have (an address, secrets, files) may be
/// missing.
Result<KafkaSettings> readKafkaSettings(const Value &settings, bool connecting = true);

/// The secret in the first line of @p file, else that of the environment; empty: there is none. InvalidConfig when the
/// file holds none.
Result<std::string> kafkaSecret(const std::string &file, const char *environment);

} // namespace eventops
