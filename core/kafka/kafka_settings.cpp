// SPDX-License-Identifier: MIT
#include "core/kafka/kafka_settings.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>

namespace eventops {
namespace {

constexpr std::size_t SecretBytesMax = 64u << 10;
constexpr std::size_t TextBytesMax = 8u << 10;

constexpr FieldSpec ConnectionFields[] = {
    {"brokers", "string", "\"\"",
     "Where to begin: host:9092, several with commas between; else $KAFKA_BOOTSTRAP, else $BROKERS."},
    {"client_id", "string", "eventops", "The name under which the brokers' logs and quotas know this program."},
    {"security_protocol", "string", "\"\"",
     "plaintext, ssl, sasl_plaintext or sasl_ssl; else $KAFKA_SECURITY_PROTOCOL, else plaintext."},
    {"sasl_mechanism", "string", "\"\"", "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512; else $KAFKA_SASL_MECHANISM."},
    {"sasl_user", "string", "\"\"", "Who signs in; else $KAFKA_USER. The password is in $KAFKA_PASS, or:"},
    {"sasl_password_file", "string", "\"\"", "File whose first line is the password. It stands in no YAML."},
    {"tls_ca_file", "string", "\"\"", "PEM file of the authorities to trust; else the system's."},
    {"tls_certificate_file", "string", "\"\"", "PEM file of our own certificate, where brokers ask for one."},
    {"tls_key_file", "string", "\"\"", "PEM file of its key."},
    {"tls_key_password_file", "string", "\"\"", "File whose first line opens the key; else $KAFKA_KEY_PASS."},
    {"schema_url", "string", "\"\"",
     "The schema registry of payloads in Avro: http://localhost:8081, with a path where its API has one; else "
     "$SCHEMA_URL."},
    {"schema_user", "string", "\"\"",
     "Who signs in to the registry; else $SCHEMA_USER. The password is in $SCHEMA_PASSWORD, or:"},
    {"schema_password_file", "string", "\"\"", "File whose first line is the registry's password."},
};

constexpr std::array<std::string_view, 4> Protocols{"plaintext", "ssl", "sasl_plaintext", "sasl_ssl"};
constexpr std::array<std::string_view, 3> Mechanisms{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"};

std::string environment(const char *name)
{
    const char *const value = std::getenv(name);
    return value == nullptr ? std::string() : value;
}

/// What the settings say, else what the environment says.
Result<std::string> textOf(const Value &settings, std::string_view name, const char *variable = nullptr)
{
    const Value &value = settings.at(name);
    std::string text = EVENTOPS_TRY(value.text());
    if (text.empty() && variable != nullptr)
        text = environment(variable);
    if (text.size() > TextBytesMax || text.find_first_of("\r\n") != std::string::npos)
        return value.error(std::string(name) + " must be one line of at most " + std::to_string(TextBytesMax)
                           + " bytes");
    return text;
}

std::string lower(std::string text)
{
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return text;
}

std::string upper(std::string text)
{
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    return text;
}

/// A file that is named can be read. Said here with the field's name, as the client only says that it failed.
Status checkFile(const Value &settings, std::string_view name, const std::string &path)
{
    if (path.empty())
        return Ok{};
    std::ifstream in(path, std::ios::binary);
    if (!in || in.peek() == std::ifstream::traits_type::eof())
        return settings.at(name).error(std::string(name) + ": cannot read " + path,
                                       "name a file that exists and that this user may read");
    return Ok{};
}

Status checkBrokers(const Value &settings, const std::string &brokers)
{
    const Value &at = settings.at("brokers");
    if (brokers.empty())
        return at.error("brokers: no Kafka is named", "brokers: localhost:9092, or set KAFKA_BOOTSTRAP");
    std::size_t begin = 0;
    while (begin <= brokers.size()) {
        const std::size_t end = std::min(brokers.find(',', begin), brokers.size());
        std::string one = brokers.substr(begin, end - begin);
        begin = end + 1;
        one.erase(0, one.find_first_not_of(' '));
        one.erase(one.find_last_not_of(' ') + 1);
        const std::size_t colon = one.rfind(':');
        const std::string port = colon == std::string::npos ? std::string() : one.substr(colon + 1);
        const bool numeric = !port.empty() && port.size() <= 5
                             && std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
        if (!numeric || colon == 0 || std::stoul(port) == 0 || std::stoul(port) > 65'535)
            return at.error("brokers: \"" + one + "\" is not host:port", "for example localhost:9092");
    }
    return Ok{};
}

/// Who signs in, and with what.
Status checkSignIn(const Value &settings, const KafkaSettings &out, bool connecting)
{
    const bool later = out.saslMechanism.empty() && !connecting;
    if (!later && std::find(Mechanisms.begin(), Mechanisms.end(), out.saslMechanism) == Mechanisms.end())
        return settings.at("sasl_mechanism")
            .error("sasl_mechanism: unknown mechanism \"" + out.saslMechanism + '"',
                   "use PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512");
    if (!connecting)
        return Ok{};
    if (out.saslUser.empty())
        return settings.at("sasl_user")
            .error("sasl_user: " + out.securityProtocol + " needs a user", "set sasl_user or KAFKA_USER");
    if (EVENTOPS_TRY(kafkaSecret(out.saslPasswordFile, "KAFKA_PASS")).empty())
        return settings.at("sasl_password_file")
            .error("sasl_password_file: there is no password", "name a file, or set KAFKA_PASS");
    return Ok{};
}

Status checkSecurity(const Value &settings, const KafkaSettings &out, bool connecting)
{
    if (std::find(Protocols.begin(), Protocols.end(), out.securityProtocol) == Protocols.end())
        return settings.at("security_protocol")
            .error("security_protocol: unknown protocol \"" + out.securityProtocol + '"',
                   "use plaintext, ssl, sasl_plaintext or sasl_ssl");
    if (out.usesSasl()) {
        EVENTOPS_TRY(checkSignIn(settings, out, connecting));
    } else {
        for (const std::string_view name : {"sasl_mechanism", "sasl_user", "sasl_password_file"}) {
            if (!EVENTOPS_TRY(settings.at(name).text()).empty())
                return settings.at(name).error(std::string(name) + " does nothing with security_protocol "
                                                   + out.securityProtocol,
                                               "set security_protocol to sasl_ssl");
        }
    }
    if (out.tlsCertificateFile.empty() != out.tlsKeyFile.empty())
        return settings.at(out.tlsKeyFile.empty() ? "tls_key_file" : "tls_certificate_file")
            .error("tls_certificate_file and tls_key_file go together", "name both or neither");
    if (!out.usesTls()) {
        for (const std::string_view name : {"tls_ca_file", "tls_certificate_file"}) {
            if (!EVENTOPS_TRY(settings.at(name).text()).empty())
                return settings.at(name).error(std::string(name) + " does nothing with security_protocol "
                                                   + out.securityProtocol,
                                               "set security_protocol to ssl or sasl_ssl");
        }
    }
    return Ok{};
}

} // namespace

std::span<const FieldSpec> kafkaConnectionFields()
{
    return ConnectionFields;
}

std::vector<FieldSpec> withKafkaConnection(std::span<const FieldSpec> own)
{
    std::vector<FieldSpec> all(std::begin(ConnectionFields), std::end(ConnectionFields));
    all.insert(all.end(), own.begin(), own.end());
    return all;
}

Result<std::string> kafkaSecret(const std::string &file, const char *variable)
{
    if (file.empty())
        return environment(variable);
    std::ifstream in(file, std::ios::binary);
    std::string line;
    if (!std::getline(in, line) || line.size() > SecretBytesMax)
        line.clear();
    if (!line.empty() && line.back() == '\r')
        line.pop_back();
    if (line.empty())
        return Error{Error::Code::InvalidConfig,
                     "no secret stands in the first line",
                     {file, 1, 0},
                     std::string("write it there, or set ") + variable};
    return line;
}

Result<KafkaSettings> readKafkaSettings(const Value &settings, bool connecting)
{
    KafkaSettings out;
    out.brokers = EVENTOPS_TRY(textOf(settings, "brokers", "KAFKA_BOOTSTRAP"));
    if (out.brokers.empty())
        out.brokers = environment("BROKERS");
    out.clientId = EVENTOPS_TRY(textOf(settings, "client_id"));
    const std::string protocol = lower(EVENTOPS_TRY(textOf(settings, "security_protocol", "KAFKA_SECURITY_PROTOCOL")));
    if (!protocol.empty())
        out.securityProtocol = protocol;
    if (out.usesSasl()) { // what the environment says of a sign-in must not spoil a connection that has none
        out.saslMechanism = upper(EVENTOPS_TRY(textOf(settings, "sasl_mechanism", "KAFKA_SASL_MECHANISM")));
        out.saslUser = EVENTOPS_TRY(textOf(settings, "sasl_user", "KAFKA_USER"));
        out.saslPasswordFile = EVENTOPS_TRY(textOf(settings, "sasl_password_file"));
    }
    out.tlsCaFile = EVENTOPS_TRY(textOf(settings, "tls_ca_file"));
    out.tlsCertificateFile = EVENTOPS_TRY(textOf(settings, "tls_certificate_file"));
    out.tlsKeyFile = EVENTOPS_TRY(textOf(settings, "tls_key_file"));
    out.tlsKeyPasswordFile = EVENTOPS_TRY(textOf(settings, "tls_key_password_file"));
    out.schemaUrl = EVENTOPS_TRY(textOf(settings, "schema_url", "SCHEMA_URL"));
    out.schemaUser = EVENTOPS_TRY(textOf(settings, "schema_user", "SCHEMA_USER"));
    out.schemaPasswordFile = EVENTOPS_TRY(textOf(settings, "schema_password_file"));
    if (connecting || !out.brokers.empty())
        EVENTOPS_TRY(checkBrokers(settings, out.brokers));
    EVENTOPS_TRY(checkSecurity(settings, out, connecting));
    if (!connecting)
        return out;
    EVENTOPS_TRY(checkFile(settings, "tls_ca_file", out.tlsCaFile));
    EVENTOPS_TRY(checkFile(settings, "tls_certificate_file", out.tlsCertificateFile));
    EVENTOPS_TRY(checkFile(settings, "tls_key_file", out.tlsKeyFile));
    return out;
}

} // namespace eventops
