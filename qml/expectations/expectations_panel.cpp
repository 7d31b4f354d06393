// SPDX-License-Identifier: MIT
#include "qml/expectations/expectations_panel.h"

#include "core/viewmodel/expectations_model.h"
#include "core/viewmodel/step_machines_model.h"
#include "qml/theme/quick_panel.h"

namespace eventops {

QWidget *makeExpectationsPanel(ViewContext &context, QWidget *parent)
{
    auto *model = new ExpectationsModel(context);
    auto *machines = new StepMachinesModel(context, model);
    auto *panel = new QuickPanel(QStringLiteral("Expectations"), QStringLiteral("ExpectationsPanel"),
                                 {{QStringLiteral("expectations"), QVariant::fromValue(model)},
                                  {QStringLiteral("machines"), QVariant::fromValue(machines)}},
                                 parent);
    model->setParent(panel);
    return panel;
}

} // namespace eventops
