# What differs from site to site. Sourced by cluster/submit and by every job, as bash, with $repository set.
# To keep your own outside the repository: export CHOKEPOINT_SITE=/path/to/site.sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154  # those who source it know the names

account=            # sbatch --account
qos=                # sbatch --qos
constraint=         # sbatch --constraint, e.g. a100
sbatch_options=()   # any others, for every job, e.g. (--mem=4G --mail-type=FAIL)

cpus=4              # CPUs per task where --cpus does not say; without GPUs they do the work
merge_partition=    # where the merge of an array runs, with one CPU; empty: in the partition of the array
merge_time=1:00:00

# Seconds between Slurm's warning and the time limit. The program needs a second or two to write its checkpoint.
lead=120
# A job that has been started this often and is still not done stays stopped, so that nothing goes round for ever.
max_restarts=100

# Where results go that no --output names: a folder that all nodes see.
scratch=$repository/outputs

# The program. In a container: program=(apptainer run --nv "$repository/chokepoint.sif")
program=("$repository/build/release/chokepoint")
mpi=pmix            # srun --mpi; `srun --mpi=list` says what there is

# Run before the program, on the node where it runs. For example: module load gcc/12 cuda/12.4 openmpi hdf5
prepare() {
  :
}
