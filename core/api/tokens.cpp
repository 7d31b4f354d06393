// SPDX-License-Identifier: MIT
#include "core/api/tokens.h"

#include "core/base/encode.h"
#include "core/base/hash.h"
#include "core/session/guarded_backend.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

namespace eventops::api {
namespace {

constexpr std::size_t FileBytesMax = 512u << 10;
constexpr std::size_t NewTokenBytes = 32; ///< 256 bits.

/// Closes itself.
class FileHandle
{
public:
    explicit FileHandle(int fd) : m_fd(fd) {}
    ~FileHandle()
    {
        if (m_fd >= 0)
            ::close(m_fd);
    }
    FileHandle(const FileHandle &) = delete;
    FileHandle &operator=(const FileHandle &) = delete;
    int fd() const { return m_fd; }

private:
    const int m_fd;
};

Error fileError(const char *doing, const std::string &path)
{
    return Error{Error::Code::Io, std::string(doing) + ": " + std::strerror(errno), {path, 0, 0}};
}

/// Makes the file with one token for an admin. A file that came meanwhile stays.
Status createTokens(const std::string &path)
{
    const std::string token = EVENTOPS_TRY(newToken());
    const std::string text =
        "# Who may ask `eventops serve`, one a line: TOKEN NAME ROLE TENANTS\n"
        "# ROLE: viewer, operator, approver or admin. TENANTS: a,b or * for all. Read when it starts.\n"
        + token + " admin admin *\n";
    const std::string beside = path + ".new";
    ::unlink(beside.c_str());
    {
        const FileHandle file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
        if (file.fd() < 0 || ::write(file.fd(), text.data(), text.size()) != static_cast<ssize_t>(text.size())
            || ::fsync(file.fd()) != 0)
            return fileError("cannot write the tokens", beside);
    }
    const bool linked = ::link(beside.c_str(), path.c_str()) == 0 || errno == EEXIST;
    const Status status = linked ? Status(Ok{}) : Status(fileError("cannot write the tokens", path));
    ::unlink(beside.c_str());
    return status;
}

Result<std::string> readTokens(const std::string &path)
{
    const FileHandle file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (file.fd() < 0)
        return errno == ELOOP ? Error{Error::Code::Refused,
                                      "the tokens' file is a link",
                                      {path, 0, 0},
                                      "put the file itself there"}
                              : fileError("cannot read the tokens", path);
    struct stat info = {};
    if (::fstat(file.fd(), &info) != 0)
        return fileError("cannot read the tokens", path);
    if (!S_ISREG(info.st_mode))
        return Error{Error::Code::Refused, "the tokens' file is no ordinary file", {path, 0, 0}, "remove it"};
    if (info.st_uid != ::geteuid())
        return Error{Error::Code::Refused,
                     "the tokens' file belongs to somebody else",
                     {path, 0, 0},
                     "serve as its owner, or make it yours with chown"};
    if ((info.st_mode & 077) != 0)
        return Error{Error::Code::Refused,
                     "others may read or write the tokens",
                     {path, 0, 0},
                     "chmod 600 it, and replace the tokens if somebody may have seen them"};
    std::string text(FileBytesMax + 1, '\0');
    std::size_t size = 0;
    while (size < text.size()) {
        const ssize_t part = ::read(file.fd(), text.data() + size, text.size() - size);
        if (part < 0)
            return fileError("cannot read the tokens", path);
        if (part == 0)
            break;
        size += static_cast<std::size_t>(part);
    }
    if (size > FileBytesMax)
        return Error{
            Error::Code::LimitExceeded, "the tokens' file is too large", {path, 0, 0}, "remove what is unused"};
    text.resize(size);
    return text;
}

std::vector<std::string_view> words(std::string_view line, std::string_view separators)
{
    std::vector<std::string_view> out;
    while (!line.empty()) {
        const std::size_t begin = line.find_first_not_of(separators);
        if (begin == std::string_view::npos)
            break;
        line.remove_prefix(begin);
        const std::size_t end = std::min(line.find_first_of(separators), line.size());
        out.push_back(line.substr(0, end));
        line.remove_prefix(end);
    }
    return out;
}

bool isTokenCharacter(char c)
{
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter || (c >= '0' && c <= '9') || std::string_view("-._~+/=").find(c) != std::string_view::npos;
}

Result<ApiToken> parseToken(const std::vector<std::string_view> &parts, const Location &where)
{
    const auto wrong = [&](std::string message, std::string remedy) {
        return Error{Error::Code::InvalidConfig, std::move(message), where, std::move(remedy)};
    };
    if (parts.size() != 4)
        return wrong("a line has " + std::to_string(parts.size()) + " words", "write TOKEN NAME ROLE TENANTS");
    const std::string_view token = parts[0];
    if (token.size() < TokenBytesMin || token.size() > TokenBytesMax
        || !std::all_of(token.begin(), token.end(), isTokenCharacter)) // its text is a secret: not told
        return wrong("a token is not 32 to 256 letters, digits and -._~+/=", "make one with: openssl rand -hex 32");
    const auto role = roleByName(parts[2]);
    if (!role)
        return wrong("\"" + std::string(parts[2]) + "\" is no role", "write viewer, operator, approver or admin");
    ApiToken out{sha256Hex(token), {std::string(parts[1]), *role, {}}};
    if (parts[3] != "*") {
        for (const std::string_view tenant : words(parts[3], ","))
            out.caller.tenants.emplace_back(tenant);
        if (out.caller.tenants.empty())
            return wrong("a token has no tenants", "name them with commas, or write * for all");
    }
    return out;
}

} // namespace

Result<std::vector<ApiToken>> parseTokens(std::string_view text, const std::string &file)
{
    std::vector<ApiToken> tokens;
    Location where{file, 0, 0};
    while (!text.empty()) {
        ++where.line;
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, std::min(end, text.find('#')));
        text.remove_prefix(std::min(end + 1, text.size()));
        const auto parts = words(line, " \t\r");
        if (parts.empty())
            continue;
        ApiToken token = EVENTOPS_TRY(parseToken(parts, where));
        const bool twice =
            std::any_of(tokens.begin(), tokens.end(), [&](const ApiToken &other) { return other.hash == token.hash; });
        if (twice)
            return Error{Error::Code::InvalidConfig, "a token stands here twice", where, "give each its own"};
        if (tokens.size() == TokensMax)
            return Error{Error::Code::LimitExceeded, "there are more than " + std::to_string(TokensMax) + " tokens",
                         where, "remove what is unused"};
        tokens.push_back(std::move(token));
    }
    if (tokens.empty())
        return Error{Error::Code::InvalidConfig,
                     "the file holds no token",
                     {file, 0, 0},
                     "remove it: it is made anew with one for an admin"};
    return tokens;
}

Result<std::vector<ApiToken>> loadTokens(const std::string &directory)
{
    const std::string path = directory + '/' + TokenFileName;
    struct stat info = {};
    if (::lstat(path.c_str(), &info) != 0 && errno == ENOENT)
        EVENTOPS_TRY(createTokens(path));
    const std::string text = EVENTOPS_TRY(readTokens(path));
    return parseTokens(text, path);
}

Result<std::string> newToken()
{
    char random[NewTokenBytes];
    if (::getrandom(random, sizeof random, 0) != static_cast<ssize_t>(sizeof random))
        return Error{Error::Code::Unavailable, "the system gives no random bits", {}, "try again"};
    return hexOfBytes({random, sizeof random});
}

const Caller *findCaller(const std::vector<ApiToken> &tokens, std::string_view token)
{
    const std::string hash = sha256Hex(token.substr(0, TokenBytesMax + 1));
    const Caller *found = nullptr;
    for (const ApiToken &known : tokens) { // all of them, whether found or not
        unsigned difference = 0;
        for (std::size_t i = 0; i < hash.size(); ++i)
            difference |= static_cast<unsigned>(hash[i]) ^ static_cast<unsigned>(known.hash[i]);
        found = difference == 0 ? &known.caller : found;
    }
    return found;
}

} // namespace eventops::api
