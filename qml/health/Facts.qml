// SPDX-License-Identifier: MIT
import QtQuick
import QtQuick.Layouts
import EventOps.Theme

// What the engine is made of just now.
ColumnLayout {
    id: block
    required property var facts

    spacing: Theme.metric.space2

    SectionTitle { text: qsTr("Engine") }
    Repeater {
        model: block.facts

        NamedRow {
            required property var modelData
            name: modelData.name
            value: modelData.value
            Layout.fillWidth: true
        }
    }
}
