// SPDX-License-Identifier: MIT
#include "core/kafka/connection_trouble.h"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace eventops {
namespace {

struct Mistake {
    std::string_view said; ///< Part of what the client library says; the first that fits counts.
    std::string_view message, remedy;
};

constexpr Mistake Mistakes[] = {
    {"Request not valid in current SASL state", "the Kafka wants no sign-in at that port",
     "check security_protocol and the port: sasl_plaintext or sasl_ssl need a listener with SASL"},
    {"certificate verify failed", "the Kafka's certificate is not trusted",
     "check tls_ca_file: it must hold the authority that signed the brokers' certificates"},
    {"hostname mismatch", "the Kafka's certificate is for another host",
     "name the brokers as their certificates do, or have them made anew"},
    {"alert bad certificate", "the Kafka does not accept our certificate",
     "set tls_certificate_file and tls_key_file to a certificate that the brokers trust"},
    {"certificate required", "the Kafka does not accept our certificate",
     "set tls_certificate_file and tls_key_file to a certificate that the brokers trust"},
    {"alert unknown ca", "the Kafka does not accept our certificate",
     "set tls_certificate_file and tls_key_file to a certificate that the brokers trust"},
    {"incorrect security.protocol", "the Kafka hangs up at our first words",
     "check security_protocol: the brokers may want TLS (ssl, sasl_ssl) or a sign-in at that port"},
    {"SSL handshake failed", "the Kafka does not speak TLS with us",
     "check security_protocol and the port: ssl and sasl_ssl need a listener with TLS"},
};

const Mistake *mistakeIn(const std::string &said)
{
    const auto found = std::find_if(std::begin(Mistakes), std::end(Mistakes), [&](const Mistake &mistake) {
        return said.find(mistake.said) != std::string::npos;
    });
    return found == std::end(Mistakes) ? nullptr : found;
}

} // namespace

Error explainConnection(Error error, const std::string &brokers, const std::string &said, bool refused)
{
    if (const Mistake *const mistake = mistakeIn(said))
        error = {Error::Code::Refused, std::string(mistake->message), {}, std::string(mistake->remedy)};
    else if (refused)
        error = {Error::Code::Refused,
                 "the Kafka refuses the sign-in",
                 {},
                 "check sasl_user, sasl_mechanism and the password"};
    error.message += " at " + brokers + (said.empty() ? std::string() : " (" + said + ')');
    return error;
}

bool isHopeless(const std::string &said, bool refused)
{
    return refused || mistakeIn(said) != nullptr;
}

} // namespace eventops
