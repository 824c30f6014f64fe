#include "neon/opcodes.h"
