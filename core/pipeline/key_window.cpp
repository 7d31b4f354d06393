// SPDX-License-Identifier: MIT
#include "core/pipeline/key_window.h"

namespace eventops {

bool KeyWindow::admit(std::uint64_t key, Seq seq)
{
    while (!m_order.empty() && seq - m_order.front().first >= m_recordsMax) {
        m_keys.erase(m_order.front().second);
        m_order.pop_front();
    }
    if (!m_keys.insert(key).second)
        return false;
    m_order.emplace_back(seq, key);
    return true;
}

void KeyWindow::save(StateWriter &out) const
{
    out.u64(m_order.size());
    Seq before = 0;
    for (const auto &[seq, key] : m_order) {
        out.u64(seq - before);
        out.u64(key);
        before = seq;
    }
}

Status KeyWindow::load(StateReader &in)
{
    m_order.clear();
    m_keys.clear();
    const std::uint64_t count = in.u64();
    Seq seq = 0;
    for (std::uint64_t i = 0; i < count && !in.failed(); ++i) {
        seq += in.u64();
        const std::uint64_t key = in.u64();
        if (m_keys.insert(key).second)
            m_order.emplace_back(seq, key);
    }
    if (!in.failed() && m_keys.size() == count)
        return Ok{};
    m_order.clear();
    m_keys.clear();
    return Error{Error::Code::Corrupt, "the state holds no list of keys"};
}

} // namespace eventops
