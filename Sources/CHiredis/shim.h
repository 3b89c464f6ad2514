// hiredis as Swift sees it: its formatter and its reply reader.
#ifndef FAIRLEAD_CHIREDIS_H
#define FAIRLEAD_CHIREDIS_H

#include <hiredis/hiredis.h>
#include <hiredis/read.h>

#endif
