// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/http_server.h"
#include "core/base/result.h"

#include <QtNetwork/QSslConfiguration>

#include <string>

namespace eventops::api {

/// What connections are encrypted with: TLS 1.2 or later, by the certificate and key of @p files. Refused: others may
/// read the key; InvalidConfig: no certificate or key, one that does not belong to the other, or an expired
/// certificate; NotFound. Thread: any.
Result<QSslConfiguration> readServerTls(const TlsFiles &files);

/// What connections are encrypted with now: the files are looked at for each, and read when one of them has changed. A
/// pair that readServerTls refuses, as one of which only half is there yet, leaves the one before in use. Thread: one.
class ServerTls
{
public:
    /// Errors of readServerTls.
    static Result<ServerTls> open(const TlsFiles &files);

    const QSslConfiguration &current();
    /// Why what the files hold by now is not used; empty: it is.
    const std::string &trouble() const { return m_trouble; }

private:
    ServerTls(const TlsFiles &files, const std::string &stamp) : m_files(files), m_stamp(stamp) {}

    TlsFiles m_files;
    std::string m_stamp; ///< Of the files, when they were read last.
    std::string m_trouble;
    QSslConfiguration m_current;
};

} // namespace eventops::api
