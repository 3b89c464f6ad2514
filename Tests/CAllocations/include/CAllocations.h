// Counts the calling thread's heap allocations: malloc and its kin are replaced in whatever links this.
#ifndef FAIRLEAD_CALLOCATIONS_H
#define FAIRLEAD_CALLOCATIONS_H

// Allocations of the calling thread since its start; releases are not counted.
unsigned long fl_allocation_count(void);

#endif
