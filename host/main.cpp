// SPDX-License-Identifier: Apache-2.0
#include "commands/cli.h"

int main(int count, char** arguments) { return chokepoint::run_command_line({arguments + 1, arguments + count}); }
