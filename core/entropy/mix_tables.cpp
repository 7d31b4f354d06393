// SPDX-License-Identifier: MIT
#include "core/entropy/mix_tables.h"

namespace eventops {

MixTables::MixTables()
{
    for (std::size_t i = 0; i < m_log.size(); ++i) {
        const double x = static_cast<double>(i) / static_cast<double>(Size);
        m_log[i] = detLog2(1.0 + x);
        m_exp[i] = detExp2(x);
    }
}

const MixTables &MixTables::instance()
{
    static const MixTables Tables;
    return Tables;
}

} // namespace eventops
