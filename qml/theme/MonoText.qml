// SPDX-License-Identifier: MIT
import QtQuick
import EventOps.Theme

// What a machine will read: commands, arguments, output.
PlainText {
    font.family: Theme.font.mono
    font.pixelSize: Theme.font.small
    wrapMode: Text.WrapAnywhere
}
