// SPDX-License-Identifier: MIT
import QtQuick
import QtQuick.Layouts
import EventOps.Theme

// Records that could not become events: how many for which reason, and each with a command that reads it again.
ColumnLayout {
    id: dead
    required property var health
    required property var letters
    property bool isOpen: false
    readonly property int shownMax: 50

    spacing: Theme.metric.space2

    function toggle() {
        isOpen = !isOpen && health.reasons.length > 0
        if (isOpen)
            letters.open()
        else
            letters.close()
    }

    RowLayout {
        Layout.fillWidth: true

        SectionTitle {
            text: qsTr("Dead letters by reason")
            Layout.fillWidth: true
        }
        ActionButton {
            objectName: "lettersButton"
            visible: dead.health.reasons.length > 0
            text: dead.isOpen ? qsTr("Hide") : qsTr("Look at each")
            keyName: "D"
            onClicked: dead.toggle()
        }
    }
    RowLayout {
        visible: dead.health.reasons.length === 0
        spacing: Theme.metric.space2

        ThemeIcon {
            name: "check"
            tint: Theme.color.positive
        }
        PlainText {
            text: qsTr("None: each record was understood.")
            wrapMode: Text.Wrap
            Layout.fillWidth: true
        }
    }
    Repeater {
        model: dead.health.reasons

        RowLayout {
            id: reasonRow
            required property var modelData
            spacing: Theme.metric.space2

            ThemeIcon {
                name: "triangle-alert"
                tint: Theme.color.severityWarning
            }
            PlainText {
                text: reasonRow.modelData.reason
                Layout.fillWidth: true
            }
            PlainText {
                text: reasonRow.modelData.records
                font.family: Theme.font.mono
            }
        }
    }
    Repeater {
        model: dead.isOpen ? dead.letters : null

        LetterCard {
            letters: dead.letters
            visible: index < dead.shownMax
            Layout.fillWidth: true
        }
    }
    MutedText {
        visible: dead.isOpen && dead.letters.count > dead.shownMax
        text: qsTr("%1 more: eventops deadletters list shows all.").arg(dead.letters.count - dead.shownMax)
        wrapMode: Text.Wrap
        Layout.fillWidth: true
    }
}
