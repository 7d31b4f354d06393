// SPDX-License-Identifier: MIT
#include "core/viewmodel/row_list_model.h"

namespace eventops {

void StatedListModel::setState(State state, const QString &problem, const QString &remedy)
{
    if (m_state == state && m_problem == problem && m_remedy == remedy)
        return;
    m_state = state;
    m_problem = problem;
    m_remedy = remedy;
    Q_EMIT stateChanged();
}

} // namespace eventops
