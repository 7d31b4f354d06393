// SPDX-License-Identifier: MIT
#include "core/remote/kafka_backend.h"
#include "core/wire/packets.h"

#include <QtCore/QFile>
#include <QtCore/QUrl>
#include <QtNetwork/QHostAddress>
#include <QtNetwork/QSslCertificate>

#include <sys/stat.h>

namespace eventops::remote {
namespace {

constexpr int DefaultPort = 8088; ///< Of `eventops serve`.
constexpr int TlsPort = 443;
constexpr qint64 TokenFileBytesMax = 512 << 10;
constexpr qint64 AuthoritiesBytesMax = 4 << 20;

Error noUrl(const std::string &text)
{
    return Error{Error::Code::InvalidArgument,
                 "\"" + text + "\" is no address of an engine",
                 {},
                 "write it as localhost:8088, http://localhost:8088 or wss://name"};
}

} // namespace

Result<std::string> normalUrl(const std::string &text)
{
    const QString given = QString::fromStdString(text).trimmed();
    QUrl url(given.contains(QLatin1String("://")) ? given : QStringLiteral("ws://") + given, QUrl::StrictMode);
    const QString scheme = url.scheme();
    const bool tls = scheme == QLatin1String("wss") || scheme == QLatin1String("https");
    if (!url.isValid() || url.host().isEmpty() || !url.userInfo().isEmpty()
        || (!tls && scheme != QLatin1String("ws") && scheme != QLatin1String("http")))
        return noUrl(text);
    url.setScheme(tls ? QStringLiteral("wss") : QStringLiteral("ws"));
    url.setPort(url.port(tls ? TlsPort : DefaultPort));
    if (url.path().isEmpty() || url.path() == QLatin1String("/"))
        url.setPath(QString::fromLatin1(wire::AttachPath));
    url.setQuery(QString());
    url.setFragment(QString());
    const bool isHere = url.host() == QLatin1String("localhost") || QHostAddress(url.host()).isLoopback();
    if (!tls && !isHere)
        return Error{Error::Code::Refused,
                     "the token would be sent to " + url.host().toStdString() + " for anybody to read",
                     {},
                     "attach wss://, or localhost behind: ssh -L " + std::to_string(url.port())
                         + ":localhost:" + std::to_string(url.port()) + " " + url.host().toStdString()};
    return url.toString(QUrl::FullyEncoded).toStdString();
}

namespace {

/// The words of the first line that is no comment.
Result<QList<QByteArray>> readTokenLine(const std::string &path)
{
    QFile file(QFile::decodeName(QByteArray::fromStdString(path)));
    if (!file.open(QIODevice::ReadOnly))
        return Error{Error::Code::NotFound,
                     "cannot read the token: " + file.errorString().toStdString(),
                     {path, 0, 0},
                     "name a file with a token of the engine's workspace"};
    struct stat info = {};
    if (::fstat(file.handle(), &info) != 0 || (info.st_mode & 077) != 0)
        return Error{Error::Code::Refused,
                     "others may read or write the token",
                     {path, 0, 0},
                     "chmod 600 it, and replace the token if somebody may have seen it"};
    for (const QByteArray &line : file.read(TokenFileBytesMax).split('\n')) {
        const QByteArray words = line.left(line.indexOf('#') < 0 ? line.size() : line.indexOf('#')).simplified();
        if (!words.isEmpty())
            return words.split(' ');
    }
    return Error{Error::Code::InvalidConfig,
                 "the file holds no token",
                 {path, 0, 0},
                 "write one line with a token of the engine's workspace into it"};
}

} // namespace

Result<std::string> readTokenFile(const std::string &path)
{
    const QList<QByteArray> words = EVENTOPS_TRY(readTokenLine(path));
    return words.front().toStdString();
}

Result<DecisionKey> readDecisionKey(const std::string &path)
{
    const QList<QByteArray> words = EVENTOPS_TRY(readTokenLine(path));
    return DecisionKey{words.front().toStdString(), words.value(1).toStdString()};
}

Result<std::string> readAuthorities(const std::string &path)
{
    QFile file(QFile::decodeName(QByteArray::fromStdString(path)));
    if (!file.open(QIODevice::ReadOnly))
        return Error{Error::Code::NotFound,
                     "cannot read the authorities to trust: " + file.errorString().toStdString(),
                     {path, 0, 0},
                     "name the PEM file with the certificate of the authority that signed the engine's, or none at all "
                     "to trust those of this machine"};
    const QByteArray pem = file.read(AuthoritiesBytesMax);
    if (QSslCertificate::fromData(pem, QSsl::Pem).isEmpty())
        return Error{Error::Code::InvalidConfig,
                     "the file holds no certificate in PEM",
                     {path, 0, 0},
                     "name the certificate of the authority that signed the engine's; as text it begins with "
                     "-----BEGIN CERTIFICATE-----"};
    return pem.toStdString();
}

} // namespace eventops::remote
